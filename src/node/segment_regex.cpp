#include "node/segment_regex.hpp"

#include <stdexcept>

#include "node/segment_regex_tree.hpp"

namespace weft {
namespace {

using segment_regex::kMany;
using segment_regex::Node;

constexpr std::size_t kMaxSteps = 1000;
constexpr int kMaxWork = 10'000;  // copies of groups, also of those that give no steps

}  // namespace

/// Lays the tree out as steps.
class SegmentRegexCompiler {
 public:
  explicit SegmentRegexCompiler(SegmentRegex& out) : out_(out) {}

  void emit(const Node& node) {
    if (++work_ > kMaxWork) too_large();
    switch (node.kind) {
      case Node::Kind::one:
        out_.sets_.push_back(node.bytes);
        step(SegmentRegex::Op::byte, out_.sets_.size() - 1);
        break;
      case Node::Kind::sequence:
        for (const Node& part : node.parts) emit(part);
        break;
      case Node::Kind::either:
        emit_either(node);
        break;
      case Node::Kind::repeat:
        emit_repeat(node);
        break;
    }
  }
  void finish() { step(SegmentRegex::Op::done); }

 private:
  [[noreturn]] static void too_large() {
    throw std::invalid_argument("the expression is too large: its repetitions multiply");
  }
  std::size_t here() const { return out_.steps_.size(); }
  std::size_t step(SegmentRegex::Op op, std::size_t first = 0, std::size_t second = 0) {
    if (here() == kMaxSteps) too_large();
    out_.steps_.push_back(
        {op, static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(second)});
    return here() - 1;
  }
  void lead(std::uint16_t& way, std::size_t to) { way = static_cast<std::uint16_t>(to); }

  // split A B; A: first; jump end; B: split ...
  void emit_either(const Node& node) {
    std::vector<std::size_t> jumps;
    for (std::size_t i = 0; i + 1 < node.parts.size(); ++i) {
      const std::size_t split = step(SegmentRegex::Op::split, here() + 1);
      emit(node.parts[i]);
      jumps.push_back(step(SegmentRegex::Op::jump));
      lead(out_.steps_[split].second, here());
    }
    emit(node.parts.back());
    for (const std::size_t jump : jumps) lead(out_.steps_[jump].first, here());
  }

  void emit_repeat(const Node& node) {
    const Node& part = node.parts.front();
    for (unsigned i = 0; i < node.least; ++i) emit(part);
    if (node.most == kMany) {
      const std::size_t split = step(SegmentRegex::Op::split, here() + 1);
      emit(part);
      step(SegmentRegex::Op::jump, split);
      return lead(out_.steps_[split].second, here());
    }
    std::vector<std::size_t> splits;
    for (unsigned i = node.least; i < node.most; ++i) {
      splits.push_back(step(SegmentRegex::Op::split, here() + 1));
      emit(part);
    }
    for (const std::size_t split : splits) lead(out_.steps_[split].second, here());
  }

  SegmentRegex& out_;
  int work_ = 0;
};

SegmentRegex::SegmentRegex(std::string_view expression) {
  const Node tree = segment_regex::parse(expression);
  SegmentRegexCompiler compiler(*this);
  compiler.emit(tree);
  compiler.finish();
}

/// All the steps at which a match may stand, before one byte of the text.
class SegmentRegex::Walk {
 public:
  void clear(std::size_t steps) {
    places_.clear();
    seen_.assign(steps, false);
  }
  void add(const std::vector<Step>& steps, std::size_t step) {
    waiting_.push_back(step);
    while (!waiting_.empty()) {
      const std::size_t at = waiting_.back();
      waiting_.pop_back();
      if (seen_[at]) continue;
      seen_[at] = true;
      const Step& one = steps[at];
      if (one.op == Op::split) waiting_.push_back(one.second);
      if (one.op == Op::split || one.op == Op::jump)
        waiting_.push_back(one.first);
      else
        places_.push_back(at);
    }
  }
  const std::vector<std::size_t>& places() const { return places_; }
  bool is_done() const { return seen_.back(); }  // the last step is `done`

 private:
  std::vector<bool> seen_;
  std::vector<std::size_t> places_, waiting_;
};

bool SegmentRegex::matches(std::string_view text) const {
  if (text.size() > kMaxText) return false;
  Walk now, next;
  now.clear(steps_.size());
  now.add(steps_, 0);
  for (const char c : text) {
    next.clear(steps_.size());
    for (const std::size_t place : now.places())
      if (const Step& step = steps_[place];
          step.op == Op::byte && sets_[step.first][static_cast<unsigned char>(c)])
        next.add(steps_, place + 1);
    std::swap(now, next);
    if (now.places().empty()) return false;
  }
  return now.is_done();
}

}  // namespace weft
