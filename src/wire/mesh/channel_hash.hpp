// By which number nodes speak of a channel they want to hear: FNV-1a over the name's bytes, mixed
// once more so that all bits are good. Part of the wire: all nodes have to count alike. Two names
// with one number only make a node hear what it does not need.
#pragma once
#include <cstdint>
#include <string_view>

namespace weft::mesh {

constexpr std::uint64_t channel_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char letter : name) hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x100000001b3;
  hash ^= hash >> 32;
  hash *= 0x9e3779b97f4a7c15;
  return hash ^ hash >> 29;
}

}  // namespace weft::mesh
