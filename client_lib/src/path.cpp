#include "clutch/detail/path.hpp"

#include <cctype>
#include <vector>

#include "clutch/protocol/limits.hpp"

namespace clutch::detail {
namespace {

constexpr std::size_t shown_key_bytes_max = 64;

bool plain_name(std::string_view key) {
  if (key.empty() || key.size() > shown_key_bytes_max) return false;
  for (const char c : key) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') return false;
  }
  return std::isdigit(static_cast<unsigned char>(key.front())) == 0;
}

// A key may be anything a peer sent: only printable ASCII is shown as it is.
void append_quoted(std::string& text, std::string_view key) {
  text += "[\"";
  for (const char c : key.substr(0, shown_key_bytes_max)) {
    text += c >= 0x20 && c < 0x7f && c != '"' ? c : '?';
  }
  text += key.size() > shown_key_bytes_max ? "…\"]" : "\"]";
}

void append(std::string& text, const PathNode& node) {
  switch (node.kind) {
    case PathNode::Kind::none:
      return;
    case PathNode::Kind::index:
      text += '[' + std::to_string(node.index) + ']';
      return;
    case PathNode::Kind::number:
      text += '[' + std::to_string(static_cast<std::int64_t>(node.index)) + ']';
      return;
    case PathNode::Kind::key:
      if (plain_name(node.key)) {
        text.append(1, '.').append(node.key);
      } else {
        append_quoted(text, node.key);
      }
  }
}

}  // namespace

std::string Path::text() const {
  std::vector<const PathNode*> nodes;
  for (const PathNode* node = top_; node != nullptr; node = node->parent) nodes.push_back(node);
  std::string text = "$";
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) append(text, **node);
  return text;
}

void Path::fail(std::string_view message) const { throw CodecError(std::string(message) + " at " + text()); }

Path::Level::Level(Path& path, std::size_t elements) : path_(path) {
  if (path.depth_ >= limits::depth_max) {
    path.fail("nested deeper than " + std::to_string(limits::depth_max) + " levels");
  }
  if (elements > limits::elements_max - path.elements_) {
    path.fail("more than " + std::to_string(limits::elements_max) + " elements");
  }
  path.elements_ += elements;
  ++path.depth_;
  node_.parent = path.top_;
  path.top_ = &node_;
}

}  // namespace clutch::detail
