#include "script/edge_test.hpp"

namespace weft::script {
namespace {

class CodecTest : public EdgeTest {};

TEST_F(CodecTest, Base64GoesBothWays) {
  EXPECT_EQ(eval("mix.base64_encode('Hello')"), "SGVsbG8=");
  EXPECT_EQ(eval("mix.base64_encode('')"), "");
  EXPECT_EQ(eval("mix.base64_decode('SGVsbG8=')"), "Hello");
  EXPECT_EQ(eval("mix.base64_decode(mix.base64_encode('\\0\\255')) == '\\0\\255'"), "true");
}

TEST_F(CodecTest, BadBase64GivesNilAndAReason) {
  for (const char* text : {"SGVsbG8", "SG=sbG8=", "S===", "SGVs\\nbG8=", "????"}) {
    EXPECT_EQ(eval("mix.base64_decode('" + std::string(text) + "')"), "nil | not base64") << text;
  }
}

TEST_F(CodecTest, DigestsAreThoseOfTheRfcs) {
  EXPECT_EQ(eval("mix.md5('abc')"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(eval("mix.sha1('abc')"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(eval("#mix.md5_bin('abc') .. ' ' .. #mix.sha1_bin('abc')"), "16 20");
}

TEST_F(CodecTest, StrSplitKeepsEmptyParts) {
  EXPECT_EQ(eval("mix.json_encode(mix.str_split('a,,b,', ','))"), R"(["a","","b",""])");
  EXPECT_EQ(eval("mix.json_encode(mix.str_split('abc', ''))"), R"(["a","b","c"])");
  EXPECT_EQ(eval("mix.json_encode(mix.str_split('abc', '--'))"), R"(["abc"])");
}

TEST_F(CodecTest, BytesTostringTakesBytesOnly) {
  EXPECT_EQ(eval("mix.bytes_tostring({72,105})"), "Hi");
  EXPECT_EQ(eval("mix.bytes_tostring({256})").substr(0, 6), "error:");
}

TEST_F(CodecTest, ParseUrlGivesAllParts) {
  EXPECT_EQ(run("local u = mix.parse_url('HTTP://me:pw@Example.com:80/a%20b/c?x=1&y=%26#top')"
                "conn:send(table.concat({u.scheme, u.user, u.host, u.path, u.raw_path, "
                "u.raw_query, u.fragment,"
                "u.query.x, u.query.y, tostring(u.force_query)}, ' ; '))"),
            "http ; me:pw ; Example.com:80 ; /a b/c ; /a%20b/c ; x=1&y=%26 ; top ; 1 ; & ; false");
  EXPECT_EQ(eval("mix.parse_url('mailto:a@b.c').opaque"), "a@b.c");
  EXPECT_EQ(eval("mix.parse_url('/chat?').force_query"), "true");
  EXPECT_EQ(eval("mix.parse_url('/chat?token=a+b').query.token"), "a b");
}

TEST_F(CodecTest, BadUrlsGiveNilAndAReason) {
  for (const char* url :
       {":x", "http://a:b:c/", "http://[::1/", "/%zz", "/a\\nb", "http://h:1x/"}) {
    EXPECT_EQ(eval("mix.parse_url('" + std::string(url) + "')").substr(0, 6), "nil | ") << url;
  }
}

TEST_F(CodecTest, ParseStrTakesTheFirstOfSeveralValues) {
  EXPECT_EQ(eval("mix.parse_str('a=1&a=2&b=x%20y&c').a"), "1");
  EXPECT_EQ(eval("mix.parse_str('a=1&b=x%20y&c').b"), "x y");
  EXPECT_EQ(eval("mix.parse_str('a=1&c').c"), "");
  EXPECT_EQ(eval("mix.parse_str('%')"), "nil | bad escape in the query");
}

// What PHP 8.2 gives for the same call, in hexadecimal.
struct PackCase {
  const char* call;
  const char* hex;
};
const PackCase kPacked[] = {
    {"'A5', 'ab'", "6162202020"},
    {"'a5', 'ab'", "6162000000"},
    {"'Z5', 'abcdef'", "6162636400"},
    {"'Z*', 'ab'", "616200"},
    {"'a*A*', 'ab', 'cd'", "61626364"},
    {"'H*', '1f2e'", "1f2e"},
    {"'h*', '1f2e'", "f1e2"},
    {"'H3', 'abc'", "abc0"},
    {"'cC', -1, 255", "ffff"},
    {"'nvN', 0x1234, 0x1234, 0x01020304", "1234341201020304"},
    {"'V', 0x01020304", "04030201"},
    {"'n*', 1, 2, 3", "000100020003"},
    {"'sl', -2, -3", "fefffdffffff"},
    {"'J', '72623859790382856'", "0102030405060708"},
    {"'P', '72623859790382856'", "0807060504030201"},
    {"'q', -1", "ffffffffffffffff"},
    {"'G', 1.5", "3fc00000"},
    {"'g', 1.5", "0000c03f"},
    {"'E', 1.5", "3ff8000000000000"},
    {"'e', 1.5", "000000000000f83f"},
    {"'CxC', 1, 2", "010002"},
    {"'CCXC', 1, 2, 3", "0103"},
    {"'C@4C', 1, 2", "0100000002"},
};

TEST_F(CodecTest, PhpPackMakesTheBytesOfPhp) {
  for (const PackCase& it : kPacked) {
    EXPECT_EQ(eval("(mix.php_pack(" + std::string(it.call) +
                   "):gsub('.', function(c) return ('%02x'):format(c:byte()) end))"),
              it.hex)
        << it.call;
  }
}

TEST_F(CodecTest, PhpUnpackNamesItsValues) {
  EXPECT_EQ(run("local t = mix.php_unpack('nsize/Ckind/a*body', '\\0\\5\\1hello') "
                "conn:send(t.size .. ' ' .. t.kind .. ' ' .. t.body)"),
            "5 1 hello");
  EXPECT_EQ(eval("mix.json_encode(mix.php_unpack('C*', 'abc'))"), "[97,98,99]");
  EXPECT_EQ(run("local t = mix.php_unpack('n2x', '\\0\\1\\0\\2') conn:send(t.x1 .. t.x2)"), "12");
  EXPECT_EQ(run("local t = mix.php_unpack('A4a/Z4b/H4c', 'x  \\0y\\0zz\\31\\46') conn:send(t.a .. "
                "t.b .. t.c)"),
            "xy1f2e");
  EXPECT_EQ(eval("mix.php_unpack('cx', '\\255').x"), "-1");
  EXPECT_EQ(eval("mix.php_unpack('Nx', '\\255\\255\\255\\255').x"), "4294967295");
  EXPECT_EQ(eval("mix.php_unpack('Jx', '\\127\\255\\255\\255\\255\\255\\255\\255').x"),
            "9223372036854775807");
  EXPECT_EQ(eval("mix.php_unpack('Ex', mix.php_pack('E', 2.25)).x"), "2.25");
  EXPECT_EQ(eval("mix.php_unpack('x2/Ca/X2/Cb', '\\1\\2\\3').b"), "2");
}

TEST_F(CodecTest, PhpPackSaysWhatIsWrong) {
  EXPECT_EQ(eval("mix.php_pack('N')"), "nil | not enough arguments");
  EXPECT_EQ(eval("mix.php_pack('C', 1, 2)"), "nil | more arguments than the format takes");
  EXPECT_EQ(eval("mix.php_pack('?', 1)"), "nil | unknown letter in the format");
  EXPECT_EQ(eval("mix.php_pack('x999999999999')"), "nil | the result would be larger than 16 MiB");
  EXPECT_EQ(eval("mix.php_pack('H2', 'zz')"), "nil | illegal hexadecimal digit");
  EXPECT_EQ(eval("mix.php_unpack('N', 'abc')"), "nil | not enough data");
}

}  // namespace
}  // namespace weft::script
