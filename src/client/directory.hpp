// The directory: which nodes there are. GET /version once, then GET /v1/nodes; the answers of every
// generation.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "client/stream.hpp"
#include "weft/client.hpp"

namespace weft::client {

struct NodeInfo {
  std::string id;       ///< "" in old generations
  std::string address;  ///< "host:port" of the node's API
};

/// Errors of all of these: bad_directory, timed_out, or the network's.
Result<bool> speaks_v1(std::string_view version_answer);
Result<std::vector<NodeInfo>> parse_nodes(std::string_view nodes_answer);

/// One look into the directory.
class Directory {
 public:
  Directory(std::shared_ptr<const Options> options, std::shared_ptr<boost::asio::ssl::context> tls);

  boost::asio::awaitable<Result<std::vector<NodeInfo>>> nodes();
  /// Ends a question that is under way with an error.
  void cancel();

 private:
  boost::asio::awaitable<Result<std::string>> get(std::string path);

  std::shared_ptr<const Options> options_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  std::shared_ptr<Stream> asking_;
  bool cancelled_ = false;
};

/// The value of an Authorization header, "" without a user.
std::string authorization(const Options& options);

}  // namespace weft::client
