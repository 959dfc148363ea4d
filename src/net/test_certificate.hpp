// For tests: certificates made on the spot, one of them trusted by this process's outgoing TLS.
#pragma once
#include <string>

namespace weft::net {

struct TestCertificate {
  std::string certificate_file, key_file;
};

/// Valid for localhost, signed by itself. The trusted one must be asked for before anything calls
/// outgoing_tls(): put `const bool kTrusts = trust_test_certificate();` beside the tests.
const TestCertificate& trusted_certificate();
const TestCertificate& other_certificate();  ///< the same, and trusted by nobody
bool trust_test_certificate();

}  // namespace weft::net
