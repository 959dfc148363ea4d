// What the process says when it ends; docs/cli.md has the same table.
#pragma once

namespace weft::cli {

inline constexpr int kOk = 0;
inline constexpr int kFailure = 1;
inline constexpr int kUsage = 2;          ///< the command line makes no sense
inline constexpr int kConfigInvalid = 3;  ///< the configuration has errors, or there is none
inline constexpr int kCannotConnect = 4;  ///< no server answers there
inline constexpr int kRefused = 5;        ///< the server answered, and said no

}  // namespace weft::cli
