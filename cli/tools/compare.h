// `pith compare A B`: how far the values of two files are apart.
#pragma once

namespace pith::cli {

int run_compare(int argc, char** argv);

}  // namespace pith::cli
