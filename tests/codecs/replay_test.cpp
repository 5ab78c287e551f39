// A record agrees with the same questions and all of the decisions, and with nothing else.
#include "codecs/entropy/replay.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace pith::entropy {
namespace {

uint32_t decision_of(uint32_t question) { return question % 3 == 0 ? 1 : 0; }

Record record_of(const std::vector<uint32_t>& questions) {
  Recorder recorder;
  for (const uint32_t question : questions) {
    recorder.note(question);
    recorder.keep(decision_of(question));
  }
  return recorder.finish();
}

// The decisions told, and whether they agree.
bool agrees(const Record& record, const std::vector<uint32_t>& questions, size_t decisions) {
  Replay replay(record);
  for (size_t i = 0; i < questions.size(); ++i) {
    replay.note(questions[i]);
    if (i >= decisions) continue;
    EXPECT_EQ(replay.next(), decision_of(questions[i])) << i;
  }
  return replay.agrees();
}

std::vector<uint32_t> some_questions(size_t count) {
  std::vector<uint32_t> questions(count);
  for (size_t i = 0; i < count; ++i) questions[i] = static_cast<uint32_t>(i * i * 7 + 3);
  return questions;
}

TEST(Replay, TellsTheDecisions) {
  for (const size_t count : {0U, 1U, 7U, 8U, 9U, 100U, 1001U}) {
    const auto questions = some_questions(count);
    EXPECT_TRUE(agrees(record_of(questions), questions, count)) << count;
  }
}

TEST(Replay, NoticesAnotherQuestion) {
  const auto questions = some_questions(100);
  const Record record = record_of(questions);
  for (const size_t at : {0U, 50U, 99U}) {
    auto others = questions;
    others[at] += 3;  // the decision stays the same
    EXPECT_FALSE(agrees(record, others, 100)) << at;
  }
  auto swapped = questions;
  std::swap(swapped[3], swapped[6]);
  EXPECT_EQ(swapped[3] % 3, questions[3] % 3);
  EXPECT_FALSE(agrees(record, swapped, 100));
}

TEST(Replay, NoticesDecisionsThatAreNotAskedFor) {
  const auto questions = some_questions(100);
  EXPECT_FALSE(agrees(record_of(questions), questions, 80));
}

TEST(Replay, NoticesDecisionsThatAreMissing) {
  const Record record = record_of(some_questions(16));
  Replay replay(record);
  for (int i = 0; i < 17; ++i) replay.next();
  EXPECT_TRUE(replay.is_short());
  EXPECT_FALSE(replay.agrees());
}

}  // namespace
}  // namespace pith::entropy
