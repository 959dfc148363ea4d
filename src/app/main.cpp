#include <cstdio>
#include <cstring>

#include "app/wiring.hpp"

// weft run -c FILE
int main(int argc, char** argv) {
  weft::LoadRequest request;
  request.environment = weft::process_environment();
  for (int i = 1; i + 1 < argc; ++i)
    if (!std::strcmp(argv[i], "-c")) request.file = argv[i + 1];
  const weft::Loaded loaded = weft::load_config(request);
  if (!loaded.ok()) return std::fputs(weft::describe(loaded, false).c_str(), stderr), 3;
  return weft::run_server(loaded.config, weft::RunMode::run,
                          [request] { return weft::load_config(request); });
}
