#include "base/ordered_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "base/buffer_pool.h"

namespace pith {
namespace {

class OrderedPoolTest : public testing::TestWithParam<unsigned> {};

TEST_P(OrderedPoolTest, OutputsComeInTheOrderOfTheJobs) {
  OrderedPool<int, int> pool(GetParam(), [](int&& job, unsigned) {
    // Later jobs are quicker.
    std::this_thread::sleep_for(std::chrono::microseconds((1000 - job) % 7 * 50));
    return job * 2;
  });
  int submitted = 0;
  for (int expected = 0; expected < 200; ++expected) {
    while (submitted < 200 && !pool.full()) pool.submit(submitted++);
    ASSERT_EQ(pool.take(), expected * 2);
  }
  EXPECT_TRUE(pool.empty());
}

TEST_P(OrderedPoolTest, NeverHoldsMoreThanItsCapacity) {
  OrderedPool<int, int> pool(GetParam(), [](int&& job, unsigned) { return job; });
  int count = 0;
  while (!pool.full()) pool.submit(count++);
  EXPECT_EQ(static_cast<size_t>(count), pool.capacity());
  EXPECT_LE(pool.capacity(), 2 * GetParam());
}

TEST_P(OrderedPoolTest, WorkersKeepToTheirNumbers) {
  std::atomic<bool> wrong{false};
  OrderedPool<int, int> pool(GetParam(), [&](int&& job, unsigned worker) {
    if (worker >= GetParam()) wrong = true;
    return job;
  });
  for (int i = 0; i < 50; ++i) {
    pool.submit(i);
    (void)pool.take();
  }
  EXPECT_FALSE(wrong);
}

TEST_P(OrderedPoolTest, DestructionDropsWaitingJobs) {
  std::atomic<int> worked{0};
  {
    OrderedPool<int, int> pool(GetParam(), [&](int&& job, unsigned) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ++worked;
      return job;
    });
    while (!pool.full()) pool.submit(0);
  }
  EXPECT_LE(worked.load(), static_cast<int>(2 * GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Threads, OrderedPoolTest, testing::Values(1U, 2U, 4U));

TEST(BufferPoolTest, HandsBuffersOnWithTheirMemory) {
  BufferPool pool(1);
  ByteBuffer first = pool.take();
  first.resize(5000);
  const std::byte* const memory = first.data();
  pool.give(std::move(first));
  pool.give(ByteBuffer(10));  // one too many: dropped
  ByteBuffer again = pool.take();
  EXPECT_EQ(again.data(), memory);
  EXPECT_TRUE(again.empty());
  EXPECT_EQ(pool.take().capacity(), 0U);
}

}  // namespace
}  // namespace pith
