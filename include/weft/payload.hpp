// Payload: something to send to many.
#pragma once
#include <boost/json/value.hpp>
#include <string>

#include "weft/types.hpp"

namespace weft {

namespace json = boost::json;

/// Something to send to many: an event in each receiver's envelope, or bytes as they are.
class Payload {
 public:
  static Payload event(std::string name, json::value data = nullptr);
  static Payload text(std::string utf8);
  static Payload binary(std::string bytes);

  const std::string& name() const { return name_; }  ///< "" of raw ones
  const json::value& data() const { return data_; }
  const std::string& bytes() const { return bytes_; }  ///< of raw ones
  DataType type() const { return type_; }

 private:
  std::string name_, bytes_;
  json::value data_;
  DataType type_ = DataType::text;
};

}  // namespace weft
