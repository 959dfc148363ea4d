// Passwords as scrypt hashes (RFC 7914): slow and hungry on purpose, so never on the thread that
// serves everybody.
#pragma once
#include <string>
#include <string_view>

namespace chat {

/// "scrypt$N$r$p$salt$hash" with a fresh salt; salt and hash in hex.
std::string hash_password(std::string_view password);

/// Whether `password` gave `hash`; false for a hash that makes no sense.
bool is_password(std::string_view password, std::string_view hash);

/// A hash that no password gives: checking against it takes as long as against a real one, so that
/// the time of an answer does not tell which names exist.
const std::string& nobodys_hash();

}  // namespace chat
