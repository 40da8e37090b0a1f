// What threads must know of a memory that another one has made larger.
#pragma once

namespace weft {

// To be called before a thread reads what another one has written: an engine may tell its threads of more memory late, and stop
// them as if it were not there.
void seeAllMemory();

}  // namespace weft
