#include "net/test_certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/check.hpp"

namespace weft::net {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using File = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

Certificate sign_itself(EVP_PKEY* key) {
  Certificate certificate(X509_new(), X509_free);
  X509* const x509 = certificate.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), 24 * 3600);
  X509_set_pubkey(x509, key);
  X509_NAME* const name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(x509, name);
  X509_EXTENSION* const names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
  X509_add_ext(x509, names, -1);
  X509_EXTENSION_free(names);
  check(X509_sign(x509, key, EVP_sha256()) > 0, "a certificate is signed");
  return certificate;
}

/// Both files live as long as the process.
class Files {
 public:
  explicit Files(const std::string& name) {
    folder_ = testing::TempDir() + "weft_certificate_XXXXXX";
    check(::mkdtemp(folder_.data()) != nullptr, "a temporary folder can be made");
    made_ = {folder_ + "/" + name + ".crt", folder_ + "/" + name + ".key"};
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const Certificate certificate = sign_itself(key.get());
    const File certificate_file(std::fopen(made_.certificate_file.c_str(), "w"), std::fclose);
    const File key_file(std::fopen(made_.key_file.c_str(), "w"), std::fclose);
    PEM_write_X509(certificate_file.get(), certificate.get());
    PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }
  ~Files() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  const TestCertificate& made() const { return made_; }

 private:
  std::string folder_;
  TestCertificate made_;
};

}  // namespace

const TestCertificate& trusted_certificate() {
  static const Files files("trusted");
  return files.made();
}

const TestCertificate& other_certificate() {
  static const Files files("other");
  return files.made();
}

bool trust_test_certificate() {
  return ::setenv("SSL_CERT_FILE", trusted_certificate().certificate_file.c_str(), 1) == 0;
}

}  // namespace weft::net
