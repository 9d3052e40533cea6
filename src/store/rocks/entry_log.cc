#include "store/rocks/entry_log.h"

#include <memory>
#include <optional>
#include <string>

#include <rocksdb/transaction_log.h>

#include "base/byte_codec.h"
#include "store/rocks/rocks_error.h"

namespace wasm_server {
namespace {

using rocksdb::Slice;
using rocksdb::Status;

// Takes the second log data of a batch: the first is the mark.
class EntryFinder final : public rocksdb::WriteBatch::Handler {
 public:
  void LogData(const Slice& data) override {
    if (++seen_ == 2) found_ = data.ToStringView();
  }
  Status PutCF(std::uint32_t, const Slice&, const Slice&) override { return end(); }
  Status DeleteCF(std::uint32_t, const Slice&) override { return end(); }
  bool Continue() override { return !ended_ && !found_; }

  std::optional<std::string_view> found() const { return found_; }

 private:
  Status end() {
    ended_ = true;
    return Status::OK();
  }

  int seen_ = 0;
  bool ended_ = false;
  std::optional<std::string_view> found_;
};

std::unexpected<Error> gone(std::uint64_t from) {
  return fail(ErrorCode::kNotFound, "the log of jobs has forgotten entry " + std::to_string(from));
}

}  // namespace

void put_entry(rocksdb::WriteBatch& batch, const Entry& entry) {
  std::string data;
  ByteWriter to{data};
  to.u64(entry.number);
  to.raw(entry.bytes);
  batch.PutLogData(data);
}

Result<void> read_entries(rocksdb::DB& database, EntryRange range, const Store::VisitEntry& visit) {
  if (range.from > range.last) return {};
  std::unique_ptr<rocksdb::TransactionLogIterator> at;
  Status status = database.GetUpdatesSince(0, &at);
  if (!status.ok()) return rocks_error(status, "reading the log");
  std::uint64_t before = 0;
  for (; at->Valid() && before < range.last; at->Next()) {
    const rocksdb::BatchResult batch = at->GetBatch();
    EntryFinder finder;
    status = batch.writeBatchPtr->Iterate(&finder);
    if (!status.ok()) return rocks_error(status, "reading the log");
    if (!finder.found()) continue;
    ByteReader data{*finder.found()};
    const std::uint64_t number = data.u64();
    // The first that is there: whether one before it is missing cannot be told from a gap.
    if (before == 0 && number > range.from && number > 1) return gone(range.from);
    before = number;
    if (number < range.from) continue;
    TRY_ASSIGN(const bool more, visit(number, finder.found()->substr(sizeof number)));
    if (!more) return {};
  }
  if (before >= range.last) return {};  // that it goes on meanwhile makes the iterator fail
  if (!at->status().ok()) return rocks_error(at->status(), "reading the log");
  return gone(range.from);
}

}  // namespace wasm_server
