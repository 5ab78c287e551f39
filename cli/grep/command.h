// pith grep: searches .pith files as grep searches what is in them.
#pragma once

namespace pith::grep {

// The whole program; argv[0] is a name that is not looked at. Exit status: 0 a line was selected,
// 1 none was, 2 and more an error (2: usage, input and output; 3 to 5 as for the other commands).
int run_grep(int argc, char** argv);

}  // namespace pith::grep
