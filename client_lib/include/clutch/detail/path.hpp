// Where in a value a codec is, `$.items[3].price`, kept as a chain of nodes on the stack: noting it costs a store an
// item, and it is made into text only where something is wrong. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace clutch {

/// A value does not fit its type, or does not cross. Thrown by Reader, Writer and codecs, caught where the call is made
/// or its value taken, where it becomes that call's Error (invalid_argument).
class CodecError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

struct PathNode {
  enum class Kind : std::uint8_t { none, index, key, number };
  const PathNode* parent = nullptr;
  std::string_view key;
  std::uint64_t index = 0;  // of an item; or a map's integer key, two's complement
  Kind kind = Kind::none;
};

class Path {
 public:
  Path() noexcept = default;
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

  [[nodiscard]] const PathNode* top() const noexcept { return top_; }
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
  [[nodiscard]] std::string text() const;
  /// Throws CodecError: "expected <what> at <path>" and the like.
  [[noreturn]] void fail(std::string_view message) const;

  /// Elements counted so far; for going back to where they were so many.
  [[nodiscard]] std::size_t elements() const noexcept { return elements_; }
  void set_elements(std::size_t elements) noexcept { elements_ = elements; }

  /// Starts again, inside so many levels that text() does not show.
  void restart(std::size_t outer_levels) noexcept {
    top_ = nullptr;
    depth_ = outer_levels;
    elements_ = 0;
  }

  /// One level of nesting, while it lives. Counts the declared elements; throws CodecError beyond limits::depth_max
  /// and limits::elements_max.
  class Level {
   public:
    Level(Path& path, std::size_t elements);
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    ~Level() {
      path_.top_ = node_.parent;
      --path_.depth_;
    }
    void at_index(std::size_t index) noexcept {
      node_.kind = PathNode::Kind::index;
      node_.index = index;
    }
    void at_key(std::string_view key) noexcept {
      node_.kind = PathNode::Kind::key;
      node_.key = key;
    }
    void at_number(std::uint64_t key) noexcept {
      node_.kind = PathNode::Kind::number;
      node_.index = key;
    }
    void at_itself() noexcept { node_.kind = PathNode::Kind::none; }

   private:
    Path& path_;
    PathNode node_;
  };

 private:
  const PathNode* top_ = nullptr;
  std::size_t depth_ = 0;
  std::size_t elements_ = 0;
};

}  // namespace detail
}  // namespace clutch
