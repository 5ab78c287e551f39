// `pith convert SRC -o DST`: one variable of a file, or a folder of images, in another format.
#pragma once

namespace pith::cli {

int run_convert(int argc, char** argv);

}  // namespace pith::cli
