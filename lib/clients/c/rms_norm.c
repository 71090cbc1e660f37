// RMSNorm in C, without a library: it answers questions on stdin, as reports/published/protocol.md describes them.
//   cc -O2 -o rms_norm rms_norm.c -lm
//   plumbline verify --spec ../cpp/rms_norm.json --no-grads -- ./rms_norm
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Where the bytes of a tensor stand behind the header: the quotes of JSON within the metadata are escaped, so
// that "x": is found where a tensor's entry begins and nowhere else.
static size_t offsets(const char *header, const char *name, size_t *end) {
  char key[64];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *entry = strstr(header, key);
  size_t begin = *end = 0;
  if (entry && (entry = strstr(entry, "\"data_offsets\":["))) sscanf(entry, "\"data_offsets\":[%zu,%zu]", &begin, end);
  return begin;
}

static void reply(const char *header, const void *data, uint64_t size) {
  const uint64_t length = strlen(header), frame = 8 + length + size;
  fwrite(&frame, 8, 1, stdout);
  fwrite(&length, 8, 1, stdout);
  fwrite(header, 1, length, stdout);
  fwrite(data, 1, size, stdout);
  fflush(stdout);
}

static void rms_norm(float *x, size_t rows, const float *gain, size_t d) {
  for (; rows > 0; --rows, x += d) {
    float square = 0;
    for (size_t j = 0; j < d; ++j) square += x[j] * x[j];
    const float factor = 1 / sqrtf(square / (float)d + 1e-6f);
    for (size_t j = 0; j < d; ++j) x[j] *= factor * gain[j];
  }
}

int main(void) {
  uint64_t frame, length;
  while (fread(&frame, 8, 1, stdin) == 1) {
    char *question = malloc(frame);
    if (!question || fread(question, 1, frame, stdin) != frame) return 1;
    memcpy(&length, question, 8);
    char *header = strndup(question + 8, length), *data = question + 8 + length;
    const int is_mine = strstr(header, "\"dtype\":\"F32\"") && strstr(header, "\"want\":\"y\"") && strstr(header, "\"norm.weight\":");
    if (is_mine) {
      size_t x_end, gain_end;
      const size_t x_at = offsets(header, "x", &x_end), gain_at = offsets(header, "norm.weight", &gain_end);
      const size_t d = (gain_end - gain_at) / sizeof(float), rows = (x_end - x_at) / sizeof(float) / d;
      float *x = malloc(x_end - x_at), *gain = malloc(d * sizeof(float));
      memcpy(x, data + x_at, x_end - x_at), memcpy(gain, data + gain_at, d * sizeof(float));
      rms_norm(x, rows, gain, d);
      int batch, tokens;
      sscanf(strstr(strstr(header, "\"x\":"), "\"shape\":["), "\"shape\":[%d,%d", &batch, &tokens);
      char out[256];
      snprintf(out, sizeof out, "{\"y\":{\"dtype\":\"F32\",\"shape\":[%d,%d,%zu],\"data_offsets\":[0,%zu]}}", batch, tokens, d,
               x_end - x_at);
      reply(out, x, x_end - x_at);
      free(x), free(gain);
    } else {
      reply("{\"__metadata__\":{\"unsupported\":\"a norm with a gain, in float32, and y alone\"}}", "", 0);
    }
    free(header), free(question);
  }
}
