// A value that is made when it is first asked for.
#pragma once

#include <mutex>
#include <optional>

namespace plumbline {

// Made once, whichever thread asks first; the others wait. It cannot be copied or moved.
template <class T>
class Lazy {
 public:
  // make() the first time; what it throws is thrown, and the next one who asks makes it.
  template <class Make>
  const T& operator()(Make make) const {
    std::call_once(once_, [&] { value_.emplace(make()); });
    return *value_;
  }

 private:
  mutable std::once_flag once_;
  mutable std::optional<T> value_;
};

}  // namespace plumbline
