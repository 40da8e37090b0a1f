// All of the decoder as one source: of files outside of its folder gyp keeps one object for all targets, whatever their flags.
#include "../../runtime/native/addon.cc"
#include "../../runtime/native/decoderEngine.cc"
#include "../../runtime/native/rowTeam.cc"
