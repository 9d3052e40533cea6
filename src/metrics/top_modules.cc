#include "metrics/top_modules.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace wasm_server {

TopModules::Split TopModules::split(const ExecutionCells::Totals& totals) {
  end_series(totals.modules);
  begin_series(totals.modules);
  Split split;
  split.others = totals.all;
  split.others -= ended_;
  for (auto& [module, series] : series_) {
    series.own = totals.modules.find(module)->second;
    series.own -= series.before;
    split.modules[module] = series.own;
    split.others -= series.own;
  }
  last_ = totals.modules;
  return split;
}

// Of modules that are not counted by themselves any more, or anew.
void TopModules::end_series(const ByModule& counted) {
  std::erase_if(series_, [&](const auto& entry) {
    const auto& [module, series] = entry;
    const auto found = counted.find(module);
    const bool goes_on = found != counted.end() &&
                         found->second.executions() >= last_.find(module)->second.executions();
    if (!goes_on) ended_ += series.own;
    return !goes_on;
  });
}

void TopModules::begin_series(const ByModule& counted) {
  std::vector<std::pair<std::uint64_t, const std::string*>> others;
  for (const auto& [module, totals] : counted) {
    if (!series_.contains(module)) others.emplace_back(totals.executions(), &module);
  }
  const std::size_t room = std::min(kMaxModules - series_.size(), others.size());
  std::ranges::partial_sort(others, others.begin() + static_cast<std::ptrdiff_t>(room),
                            std::greater{}, &std::pair<std::uint64_t, const std::string*>::first);
  for (std::size_t i = 0; i < room; ++i) {
    const std::string& module = *others[i].second;
    const auto told = last_.find(module);
    // What was counted anew since was not told with the others.
    const bool is_told = told != last_.end() &&
                         told->second.executions() <= counted.find(module)->second.executions();
    series_[module].before = is_told ? told->second : ExecutionTotals{};
  }
}

}  // namespace wasm_server
