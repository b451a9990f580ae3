#include "clutch/detail/members.hpp"

#include <vector>

#include "clutch/detail/receipt_state.hpp"

namespace clutch::detail {

class Members::Member final : public Observer {
 public:
  Member(Members& members, CallRef call) : members_(members), call_(std::move(call)) {}
  void completed(CallState& call) noexcept override { members_.ended(*this, call); }

  void link(Member*& first) noexcept {
    next_ = first;
    if (next_ != nullptr) next_->previous_ = this;
    first = this;
  }
  void unlink(Member*& first) noexcept {
    (previous_ != nullptr ? previous_->next_ : first) = next_;
    if (next_ != nullptr) next_->previous_ = previous_;
  }
  [[nodiscard]] const CallRef& call() const noexcept { return call_; }
  [[nodiscard]] Member* next() const noexcept { return next_; }

 private:
  Members& members_;
  const CallRef call_;
  Member* previous_ = nullptr;
  Member* next_ = nullptr;
};

void Members::add(CallRef call) {
  auto* member = new Member(*this, call);
  bool late = false;
  {
    const std::lock_guard lock(mutex_);
    member->link(first_);
    ++count_;
    late = closed_;
  }
  retain(&owner_);
  call->add_observer(*member);
  if (late && !call->done()) call->cancel();
}

void Members::close(const CallRef& receipt) {
  std::vector<CallRef> left;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    left.reserve(count_);
    for (const Member* member = first_; member != nullptr; member = member->next()) left.push_back(member->call());
  }
  cancel_all(left, receipt);
}

bool Members::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool Members::empty() const {
  const std::lock_guard lock(mutex_);
  return count_ == 0;
}

void Members::ended(Member& member, CallState& call) noexcept {
  const CallRef owner = CallRef::adopt(&owner_);
  on_end(call);
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    member.unlink(first_);
    last = --count_ == 0;
  }
  delete &member;
  if (last) on_empty();
}

}  // namespace clutch::detail
