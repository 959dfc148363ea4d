#include "app/wiring.hpp"

int main() { return weft::run_server(weft::Config{}, weft::RunMode::run); }
