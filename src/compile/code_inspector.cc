#include "compile/code_inspector.h"

#include <algorithm>
#include <utility>

#include "engine/inspect/report.h"

namespace wasm_server {

namespace {

Error stopping() { return {ErrorCode::kOverloaded, "the server stops"}; }

}  // namespace

CodeInspector::CodeInspector(const InspectorSettings& settings) {
  const WorkerSetup setup{.work = CompileWork::kInspect,
                          .memory_bytes = settings.memory_bytes,
                          .bounds = settings.bounds};
  for (unsigned i = 0; i < std::max(1U, settings.workers); ++i) {
    slots_.push_back(std::make_unique<WorkerSlot>(setup, settings.limits, settings.worker_command));
    free_.push_back(slots_.back().get());
  }
}

WorkerSlot* CodeInspector::take() {
  std::unique_lock lock(mutex_);
  released_.wait(lock, [this] { return stopped_ || !free_.empty(); });
  if (stopped_) return nullptr;
  auto* const slot = free_.back();
  free_.pop_back();
  return slot;
}

void CodeInspector::release(WorkerSlot* slot) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);
  }
  released_.notify_one();
}

Result<InspectedModule> CodeInspector::inspect(ByteView wasm) {
  auto* const slot = take();
  if (slot == nullptr) return std::unexpected{stopping()};
  const auto go_on = [this](std::chrono::nanoseconds) {
    const std::lock_guard lock(mutex_);
    return !stopped_;
  };
  const auto end = slot->run(wasm, go_on);
  release(slot);
  if (const auto* report = std::get_if<SealedMemory>(&end)) return decode_report(report->bytes());
  if (const auto* error = std::get_if<Error>(&end)) return std::unexpected{*error};
  return std::unexpected{stopping()};
}

void CodeInspector::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  released_.notify_all();
  for (const auto& slot : slots_) slot->stop();
}

}  // namespace wasm_server
