// The team of threads for this build: of a file outside of its folder gyp would keep one object for the builds of all instruction sets.
#include "rowTeam.cc"
