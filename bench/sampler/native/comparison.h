// What the judge sums up of x and its reconstruction: the same as `compareRows` of eval/compare-rows.ts.
#pragma once

#include "kernel.h"

/** Rows whose sums are made at a time: an addition waits for the one before it in its sum. */
enum { ROWS = 4 };

/** Sums of `count` rows, each in the order of its numbers: of x², (x - y)² and y², [row][3]. */
INLINE void sums_of_rows(const float *x, const float *y, double *sums, int count, int dim) {
  double square[ROWS] = {0}, error[ROWS] = {0}, norm[ROWS] = {0};
  for (int k = 0; k < dim; k++) {
    for (int row = 0; row < count; row++) {
      const double there = x[row * (int64_t)dim + k], given = y[row * (int64_t)dim + k];
      const double difference = there - given;
      square[row] += there * there;
      error[row] += difference * difference;
      norm[row] += given * given;
    }
  }
  for (int row = 0; row < count; row++) {
    sums[3 * row] = square[row];
    sums[3 * row + 1] = error[row];
    sums[3 * row + 2] = norm[row];
  }
}

/** Adds x [rows, dim] to `columns` [dim], row after row, and writes the sums of each row. */
EXPORT void compare_rows(const float *x, const float *y, double *columns, double *sums, int rows, int dim) {
  for (int row = 0; row < rows; row++)
    for (int k = 0; k < dim; k++) columns[k] += x[row * (int64_t)dim + k];
  int row = 0;
  for (; row + ROWS <= rows; row += ROWS)
    sums_of_rows(x + row * (int64_t)dim, y + row * (int64_t)dim, sums + 3 * row, ROWS, dim);
  for (; row < rows; row++) sums_of_rows(x + row * (int64_t)dim, y + row * (int64_t)dim, sums + 3 * row, 1, dim);
}
