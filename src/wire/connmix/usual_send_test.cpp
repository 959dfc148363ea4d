#include "wire/connmix/usual_send.hpp"

#include <gtest/gtest.h>

namespace weft::connmix {
namespace {

/// `text` as the general reader has it: the blank in front is none of the usual spelling.
Request generally(const std::string& text) { return parse_request(" " + text); }

TEST(UsualSendTest, ReadsWhatTheGeneralReaderReads) {
  for (const char* text :
       {R"({"m":"mesh.send","p":{"c":"1463819408261513216","d":"hi"},"i":1})",
        R"({"m":"mesh.send","p":{"c":1463819408261513216,"d":"hi"},"i":0})",
        R"({"m":"mesh.send","p":{"c":"007","d":""},"i":12345678901234567890123})",
        R"({"m":"mesh.send","p":{"c":"7","d":"{[1,2]} ~'/"},"i":7})"}) {
    const auto usual = read_usual_send(text);
    ASSERT_TRUE(usual) << text;
    const Request general = generally(text);
    EXPECT_EQ(usual->id, general.id) << text;
    EXPECT_EQ(usual->style, general.style) << text;
    const auto &a = std::get<Send>(usual->method), &b = std::get<Send>(general.method);
    EXPECT_EQ(a.to, b.to) << text;
    EXPECT_EQ(a.type, b.type) << text;
    EXPECT_EQ(a.data, b.data) << text;
    EXPECT_EQ(a.or_channel, b.or_channel) << text;
  }
}

TEST(UsualSendTest, LeavesTheRestToTheGeneralReader) {
  const std::string usual = R"({"m":"mesh.send","p":{"c":"7","d":"hi"},"i":1})";
  for (std::size_t size = 0; size < usual.size(); ++size)
    EXPECT_FALSE(read_usual_send(usual.substr(0, size))) << size;
  for (const char* other : {R"({"m":"mesh.send","p":{"c":"7","d":"hi"},"i":1} )",
                            R"({"m":"mesh.send","p":{"c":"7","d":"hi"},"i":1}x)",
                            R"({"m":"mesh.send","p":{"c":"7","d":"hi"},"i":01})",
                            R"({"m":"mesh.send","p":{"c":"7","d":"hi"},"i":"1"})",
                            R"({"m":"mesh.send","p":{"c":"7","d":"hi","t":"text"},"i":1})",
                            R"({"m":"mesh.send","p":{"c":"7","d":"a\"b"},"i":1})",
                            R"({"m":"mesh.send","p":{"c":"7","d":"ü"},"i":1})",
                            "{\"m\":\"mesh.send\",\"p\":{\"c\":\"7\",\"d\":\"a\tb\"},\"i\":1}",
                            R"({"m":"mesh.send","p":{"c":07,"d":"hi"},"i":1})",
                            R"({"m":"mesh.send","p":{"c":7","d":"hi"},"i":1})",
                            R"({"m":"mesh.send","p":{"c":"7,"d":"hi"},"i":1})",
                            R"({"m":"mesh.send","p":{"c":"0","d":"hi"},"i":1})",
                            R"({"m":"mesh.send","p":{"c":"-7","d":"hi"},"i":1})",
                            R"({"m":"mesh.send","p":{"c":"room","d":"hi"},"i":1})",
                            R"({"m":"mesh.send","p":{"c":"99999999999999999999","d":"hi"},"i":1})",
                            R"({"m":"mesh.publish","p":{"c":"7","d":"hi"},"i":1})"})
    EXPECT_FALSE(read_usual_send(other)) << other;
}

}  // namespace
}  // namespace weft::connmix
