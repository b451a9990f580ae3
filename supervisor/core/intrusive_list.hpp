// A doubly linked list of things that have a link in themselves: put in, taken out and moved in constant time and
// without allocation, from the middle too. Owns nothing.
#pragma once

#include <cstddef>

namespace clutch::core {

/// One membership; a class inherits from one Link for each list it may be in (Tag tells them apart).
template <class Tag>
struct Link {
  Link* next = nullptr;
  Link* previous = nullptr;

  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  [[nodiscard]] bool linked() const noexcept { return next != nullptr; }
};

template <class T, class Tag>
class IntrusiveList {
 public:
  using Node = Link<Tag>;

  IntrusiveList() noexcept { ends_.next = ends_.previous = &ends_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  [[nodiscard]] bool empty() const noexcept { return ends_.next == &ends_; }
  [[nodiscard]] T* front() const noexcept { return empty() ? nullptr : static_cast<T*>(ends_.next); }
  [[nodiscard]] T* back() const noexcept { return empty() ? nullptr : static_cast<T*>(ends_.previous); }
  /// The one after, nullptr at the end.
  [[nodiscard]] T* after(T& item) const noexcept {
    Node* next = static_cast<Node&>(item).next;
    return next == &ends_ ? nullptr : static_cast<T*>(next);
  }
  void push_back(T& item) noexcept { link(item, *ends_.previous, ends_); }
  void push_front(T& item) noexcept { link(item, ends_, *ends_.next); }
  static void remove(T& item) noexcept {
    Node& node = item;
    node.previous->next = node.next;
    node.next->previous = node.previous;
    node.next = node.previous = nullptr;
  }
  T* pop_front() noexcept {
    T* item = front();
    if (item != nullptr) remove(*item);
    return item;
  }

 private:
  static void link(Node& node, Node& previous, Node& next) noexcept {
    node.previous = &previous;
    node.next = &next;
    previous.next = &node;
    next.previous = &node;
  }

  Node ends_;
};

}  // namespace clutch::core
