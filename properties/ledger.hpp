// What the checks of a law leave for its record while it runs. RapidCheck runs one property at a time in a
// process, with its own global state; so does the ledger.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "plumbline/number/interval.hpp"

namespace plumbline::properties {

struct Ledger {
  // The widest residual of an identity, relative to the largest number compared: a deviation larger than
  // this cannot pass.
  std::optional<End> widest_residual;
  // The smallest ratio of a bound to what it bounds: 1 where a bound is attained.
  std::optional<End> tightest_bound;
  std::set<std::string> algebras;  // that the subject was evaluated in

  void note_residual(const End& width) {
    if (!widest_residual || width > *widest_residual) widest_residual = width;
  }
  void note_bound(const End& ratio) {
    if (!tightest_bound || ratio < *tightest_bound) tightest_bound = ratio;
  }
};

// The ledger that is open now; one that nobody reads where none is.
inline Ledger*& open_ledger() {
  static Ledger nobodys;
  static Ledger* open = &nobodys;
  return open;
}

class OpenLedger {
 public:
  explicit OpenLedger(Ledger& ledger) : before_(open_ledger()) { open_ledger() = &ledger; }
  ~OpenLedger() { open_ledger() = before_; }
  OpenLedger(const OpenLedger&) = delete;
  OpenLedger& operator=(const OpenLedger&) = delete;

 private:
  Ledger* before_;
};

}  // namespace plumbline::properties
