// Stands in for libFuzzer in ordinary builds: replays the corpus, then 2,000 seeded mutations of
// it.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

std::vector<Input> load(const char* folder) {
  std::vector<Input> corpus{Input{}};
  if (!std::filesystem::is_directory(folder)) return corpus;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

Input mutate(Input input, std::mt19937& random) {
  const auto changes = random() % 8 + 1;
  for (unsigned i = 0; i < changes; ++i) {
    if (input.empty() || random() % 4 == 0)
      input.push_back(static_cast<std::uint8_t>(random()));
    else if (random() % 4 == 0)
      input.erase(input.begin() + static_cast<std::ptrdiff_t>(random() % input.size()));
    else
      input[random() % input.size()] ^= static_cast<std::uint8_t>(1u << random() % 8);
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<Input> corpus = load(argc > 1 ? argv[1] : "");
  for (const Input& input : corpus) LLVMFuzzerTestOneInput(input.data(), input.size());
  std::mt19937 random(1);  // NOLINT: the same inputs in every run, on purpose
  for (int i = 0; i < 2000; ++i) {
    const Input input = mutate(corpus[random() % corpus.size()], random);
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%zu inputs and 2000 mutations of them passed\n", corpus.size());
}
