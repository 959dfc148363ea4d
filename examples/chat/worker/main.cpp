#include "program.hpp"

int main(int argc, char** argv) { return chat::program(argc, argv); }
