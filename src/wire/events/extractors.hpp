// The shipped extractors: keys of an object, by the generation of the envelope.
#pragma once
#include "weft/message.hpp"

namespace weft::events {

class KeyEventExtractor final : public EventExtractor {
 public:
  /// `strict`: "headers" and "data" must be there too.
  explicit KeyEventExtractor(bool strict) : strict_(strict) {}
  Result<std::string_view> event_of(const json::value& value) const override;

 private:
  bool strict_;
};

class KeyHeadersExtractor final : public HeadersExtractor {
 public:
  std::vector<Header> headers_of(const json::value& value) const override;
};

class KeyDataExtractor final : public DataExtractor {
 public:
  explicit KeyDataExtractor(std::string key) : key_(std::move(key)) {}
  const json::value& data_of(const json::value& value) const override;

 private:
  std::string key_;
};

/// For raw messages: no event, no headers, and the whole value is the data.
class NoEventExtractor final : public EventExtractor {
 public:
  Result<std::string_view> event_of(const json::value&) const override {
    return std::string_view();
  }
};
class NoHeadersExtractor final : public HeadersExtractor {
 public:
  std::vector<Header> headers_of(const json::value&) const override { return {}; }
};
class WholeDataExtractor final : public DataExtractor {
 public:
  const json::value& data_of(const json::value& value) const override { return value; }
};

}  // namespace weft::events
