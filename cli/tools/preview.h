// `pith preview SRC -o PICTURE`: a picture of an array or a cloud, or of how far two are apart.
#pragma once

namespace pith::cli {

int run_preview(int argc, char** argv);

}  // namespace pith::cli
