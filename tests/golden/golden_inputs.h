// What golden files of modelling codecs hold, of a few KB each: one kind for each transform that
// may run before them. Made from std::mt19937 alone, so the same everywhere.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"

namespace pith::test {

class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}
  uint32_t below(uint32_t end) { return static_cast<uint32_t>(random_()) % end; }
  // The same, low values more often.
  uint32_t low_below(uint32_t end) {
    const uint32_t limit = 1 + below(end);
    return below(limit);
  }

 private:
  std::mt19937 random_;
};

// Runs of a few byte values.
inline ByteBuffer golden_runs() {
  Dice dice(31);
  ByteBuffer bytes;
  while (bytes.size() < 20000) {
    const auto value = static_cast<std::byte>(dice.low_below(40));
    const uint32_t longest = dice.below(50) == 0 ? 2000 : 9;
    bytes.resize(bytes.size() + 1 + dice.below(longest), value);
  }
  return bytes;
}

// Neighbours are alike, and every byte value is there.
inline ByteBuffer golden_walk() {
  Dice dice(32);
  ByteBuffer bytes(6000);
  uint32_t value = 0;
  for (std::byte& byte : bytes) {
    value += dice.below(4);
    value -= dice.below(3);
    byte = static_cast<std::byte>(value);
  }
  return bytes;
}

// Small letters, but no words: they are sorted in another order than their own.
inline ByteBuffer golden_letters() {
  Dice dice(37);
  std::string text;
  while (text.size() < 5000) {
    text += static_cast<char>('a' + dice.low_below(26));
    if (dice.below(12) == 0) text += static_cast<char>('0' + dice.below(10));
    if (dice.below(40) == 0) text += static_cast<char>('A' + dice.below(26));
  }
  return ByteBuffer(as_bytes(text));
}

// A small vocabulary.
inline std::vector<std::string> golden_words() {
  Dice dice(33);
  std::vector<std::string> words(150);
  for (std::string& word : words) {
    const uint32_t letters = 2 + dice.below(8);
    while (word.size() < letters) word += static_cast<char>('a' + dice.low_below(26));
  }
  words[20] = "Capital";
  words[30] = "UPPER";
  words[40] = "caf\xC3\xA9";
  return words;
}

inline std::vector<std::string> golden_numbers() {
  std::vector<std::string> numbers;
  for (int i = 1000; i < 1900; i += 7) numbers.push_back(std::to_string(i));
  return numbers;
}

// Paragraphs of such words, filled to a width of 70.
inline ByteBuffer golden_lines(const std::vector<std::string>& words, std::string_view line_end) {
  Dice dice(34);
  std::string text;
  size_t column = 0;
  while (text.size() < 12000) {
    const std::string& word = words[dice.low_below(static_cast<uint32_t>(words.size()))];
    if (dice.below(80) == 0) {
      text.append(line_end).append(line_end);
      column = 0;
    } else if (column + 1 + word.size() > 70) {
      text.append(line_end);
      column = 0;
    } else if (column > 0) {
      text += ' ';
      ++column;
    }
    text += word;
    column += word.size();
  }
  return ByteBuffer(as_bytes(text));
}

inline ByteBuffer golden_prose() {
  Dice dice(35);
  const std::vector<std::string> words = golden_words();
  std::string text;
  while (text.size() < 12000) {
    text += words[dice.low_below(static_cast<uint32_t>(words.size()))];
    text += dice.below(12) == 0 ? ", " : " ";
    if (dice.below(1000) == 0) text += "\x01\x02";  // bytes to escape
  }
  return ByteBuffer(as_bytes(text));
}

// Records in markup, some of them with attributes; elements without an end, and comparisons.
inline ByteBuffer golden_markup() {
  Dice dice(38);
  const std::vector<std::string> words = golden_words();
  const auto word = [&] { return words[dice.low_below(static_cast<uint32_t>(words.size()))]; };
  std::string text = "<?xml version=\"1.0\"?>\n<list>\n";
  while (text.size() < 12000) {
    const std::string name = "field" + std::to_string(dice.low_below(8));
    text += "<item><" + name + " kind=\"" + word() + "\">" + word() + " " + word() + "</" + name;
    text += dice.below(4) == 0 ? "><br/>" : ">";
    if (dice.below(8) == 0) text += "<p>" + word() + (dice.below(2) == 0 ? " < 1" : " <= '>'");
    text += "</item>\n";
  }
  return ByteBuffer(as_bytes(text + "</list>\n"));
}

// Calls of a few functions, between other bytes; `wide`: with addresses of 64-bit code.
inline ByteBuffer golden_code(bool wide) {
  Dice dice(36);
  ByteBuffer code;
  ByteWriter writer(code);
  while (code.size() < 5000) {
    for (uint32_t n = 3 + dice.below(17); n > 0; --n) {
      writer.u8(static_cast<uint8_t>(dice.below(25) * 9));
    }
    if (wide && dice.below(2) == 0) {
      writer.u8(0x48);
      writer.u8(0x8D);
      writer.u8(0x05);
    } else {
      writer.u8(0xE8);
    }
    const uint32_t target = dice.below(32) * 1000;
    writer.u32(target - static_cast<uint32_t>(code.size() + 4));
  }
  return code;
}

// Lines of a log: times, addresses, words, digits of all kinds, and entries of several lines.
inline ByteBuffer golden_log() {
  Dice dice(38);
  std::string text;
  uint32_t seconds = 36000;
  const auto two = [](uint32_t value) {
    return std::string(value < 10 ? "0" : "") + std::to_string(value);
  };
  const auto number = [&dice](uint32_t end) { return std::to_string(dice.below(end)); };
  const std::vector<std::string> users = {"root", "guest", "admin", "caf\xC3\xA9", "u-7"};
  for (int line = 0; line < 400; ++line) {
    seconds += dice.below(4);
    const uint32_t day = 1 + seconds / 40000;
    text += "Jun " + std::string(day < 10 ? " " : "") + std::to_string(day) + " " +
            two(seconds / 3600 % 24) + ":" + two(seconds / 60 % 60) + ":" + two(seconds % 60) +
            " host ";
    switch (dice.below(6)) {
      case 0:
        text += "sshd[" + number(30000) + "]: Failed password for " +
                users[dice.low_below(static_cast<uint32_t>(users.size()))] + " from 10.0." +
                number(9) + "." + number(256) + " port " + std::to_string(1024 + dice.below(60000));
        break;
      case 1:
        text += "kernel: page 0x00ff" + std::to_string(10 + dice.below(90)) + "ab, took " +
                number(9) + "." + two(dice.below(100)) + " ms, delta -" + number(50);
        break;
      case 2:
        text += "app: {\"id\": " + std::to_string(100000 + line) +
                ", \"ok\": " + (dice.below(3) != 0 ? "true" : "false") + "}";
        break;
      case 3:
        text += "app: failed\n\tat org.Example.run(Example.java:" + number(300) + ")\n\tat Main";
        break;
      default:
        text += "cron[" + number(999) + "]: job " + (dice.below(2) != 0 ? "done" : "lost") +
                " code 0" + number(8);
    }
    text += dice.below(40) == 0 ? "\r\n" : "\n";
  }
  return ByteBuffer(as_bytes(text));
}

// A file of tensors: weights of all kinds, with a few values that are no weights.
inline ByteBuffer golden_tensors() {
  Dice dice(39);
  ByteBuffer data;
  ByteWriter values(data);
  std::string header = "{";
  // Bits of a float around zero: small exponents are rarer.
  const auto weight = [&dice](uint32_t middle, uint32_t mantissa_bits) {
    const uint32_t exponent = middle - dice.low_below(7);
    return (dice.below(2) << 15 | exponent << mantissa_bits) + dice.below(1U << mantissa_bits);
  };
  const auto tensor = [&](const char* name, const char* dtype, uint32_t rows, uint32_t columns,
                          auto&& value) {
    const size_t begin = data.size();
    for (uint32_t i = 0; i < rows * columns; ++i) value(i);
    header += (header.size() > 1 ? ",\"" : "\"") + std::string(name) + "\":{\"dtype\":\"" + dtype +
              "\",\"shape\":[" + std::to_string(rows) + "," + std::to_string(columns) +
              "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(data.size()) +
              "]}";
  };
  tensor("a", "BF16", 40, 64, [&](uint32_t i) {
    values.u16(static_cast<uint16_t>(i % 900 == 7 ? 0x7FC1 : weight(124, 7)));
  });
  tensor("b", "BF16", 30, 32, [&](uint32_t) { values.u16(static_cast<uint16_t>(weight(118, 7))); });
  tensor("c", "F16", 30, 64, [&](uint32_t) { values.u16(static_cast<uint16_t>(weight(13, 10))); });
  tensor("d", "F32", 30, 32, [&](uint32_t i) {
    values.u32(i % 300 == 9 ? 0x80000000U : weight(122, 7) << 16 | dice.below(65536));
  });
  // A smooth surface, to be predicted.
  tensor("e", "F32", 40, 40, [&](uint32_t i) {
    values.u32(0x42000000U + (i % 40) * (i % 40) * 3000 + i / 40 * 20000 + dice.below(300));
  });
  tensor("f", "F8_E4M3", 16, 64, [&](uint32_t) {
    values.u8(static_cast<uint8_t>(dice.below(2) << 7 | (40 + dice.low_below(20))));
  });
  tensor("g", "I32", 10, 10, [&](uint32_t i) { values.u32(i * 3); });
  header += "}";
  ByteBuffer file;
  ByteWriter out(file);
  out.u64(header.size());
  file.append(as_bytes(header));
  file.append(data);
  return file;
}

// The same tensors after some more training: every second byte has moved a little.
inline ByteBuffer golden_trained_tensors() {
  Dice dice(40);
  ByteBuffer file = golden_tensors();
  ByteReader reader(file);
  const size_t header = 8 + static_cast<size_t>(reader.u64());
  for (size_t i = header; i < file.size(); i += 2) {
    file[i] = static_cast<std::byte>(static_cast<uint32_t>(file[i]) + dice.low_below(6));
  }
  return file;
}

}  // namespace pith::test
