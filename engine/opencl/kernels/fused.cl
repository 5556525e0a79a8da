// Named operations over whole rows. One group for a row.

kernel void row_norms(global const float* W, global float* norms, int n) {
  local float scratch[GROUP];
  const int base = get_group_id(0) * n;
  float sum;
  SUM_OVER(sum, 0, n, W[base + i] * W[base + i])
  if (get_local_id(0) == 0) norms[get_group_id(0)] = sqrt(sum);
}

// dW = dnorm · W / norm.
kernel void row_norms_gradient(global const float* W, global const float* norms, global const float* dnorms, global float* dW, int size, int n) {
  const int i = get_global_id(0);
  if (i < size) dW[i] = dnorms[i / n] * W[i] / norms[i / n];
}

kernel void unit_rows(global const float* W, global float* rows, global float* norms, int n, float least_norm) {
  local float scratch[GROUP];
  const int base = get_group_id(0) * n;
  float sum;
  SUM_OVER(sum, 0, n, W[base + i] * W[base + i])
  const float norm = most(sqrt(sum), least_norm);
  for (int i = get_local_id(0); i < n; i += GROUP) rows[base + i] = W[base + i] / norm;
  if (get_local_id(0) == 0) norms[get_group_id(0)] = norm;
}

// Through rows and norms: (drows - rows · (rows · drows)) / norm + rows · dnorm; where the norm was raised to
// the least, it is a constant.
kernel void unit_rows_gradient(global const float* rows, global const float* norms, global const float* drows, global const float* dnorms,
    global float* dW, int n, float least_norm) {
  local float scratch[GROUP];
  const int base = get_group_id(0) * n;
  const float norm = norms[get_group_id(0)];
  float dot_of;
  SUM_OVER(dot_of, 0, n, rows[base + i] * drows[base + i])
  const float along = norm > least_norm ? dnorms[get_group_id(0)] - dot_of / norm : 0;
  for (int i = get_local_id(0); i < n; i += GROUP) dW[base + i] = drows[base + i] / norm + rows[base + i] * along;
}

static float squared(float x) { return x * x; }

kernel void squared_errors(global const float* a0, global const float* a1, global const float* a2, global const float* a3, global const float* b0,
    global const float* b1, global const float* b2, global const float* b3, global float* out0, global float* out1, global float* out2,
    global float* out3, int n) {
  local float scratch[GROUP];
  global const float* a = OF(a);
  global const float* b = OF(b);
  const int base = get_group_id(0) * n;
  float sum;
  SUM_OVER(sum, 0, n, squared(a[base + i] - b[base + i]))
  if (get_local_id(0) == 0) OF(out)[get_group_id(0)] = sum;
}

// The mean of errors weighted by softmax(tilt · error / mean error), and these weights; the plain mean without
// tilt. One group for a member.
kernel void tilted_mean(global const float* errors0, global const float* errors1, global const float* errors2, global const float* errors3,
    global float* weights0, global float* weights1, global float* weights2, global float* weights3, global float* mean0, global float* mean1,
    global float* mean2, global float* mean3, int rows, float tilt) {
  local float scratch[GROUP];
  global const float* errors = OF(errors);
  global float* weights = OF(weights);
  const int lane = get_local_id(0);
  float sum;
  SUM_OVER(sum, 0, rows, errors[i])
  const float mean = sum / rows;
  float largest = -INFINITY;
  for (int i = lane; i < rows; i += GROUP) largest = most(largest, tilt * (errors[i] / mean));
  largest = largest_of_group(largest, scratch);
  float all;
  SUM_OVER(all, 0, rows, exp(tilt * (errors[i] / mean) - largest))
  // A work item reads in the sum what it has written itself.
  for (int i = lane; i < rows; i += GROUP) weights[i] = tilt > 0 ? exp(tilt * (errors[i] / mean) - largest) / all : 1.0f / rows;
  float weighted;
  SUM_OVER(weighted, 0, rows, weights[i] * errors[i])
  if (lane == 0) OF(mean)[0] = tilt > 0 ? weighted : mean;
}

// The gradient of that mean of squared errors to one operand: sign 1 of a, -1 of b.
kernel void mean_errors_gradient(global const float* dy0, global const float* dy1, global const float* dy2, global const float* dy3,
    global const float* weights0, global const float* weights1, global const float* weights2, global const float* weights3,
    global const float* a0, global const float* a1, global const float* a2, global const float* a3, global const float* b0,
    global const float* b1, global const float* b2, global const float* b3, global float* out0, global float* out1, global float* out2,
    global float* out3, int size, int n, float sign_of) {
  const int i = get_global_id(0);
  if (i < size) OF(out)[i] = 2 * sign_of * (OF(dy)[0] * OF(weights)[i / n]) * (OF(a)[i] - OF(b)[i]);
}

// The gradient of one operand: sign 1 of a, -1 of b.
kernel void squared_errors_gradient(global const float* dy, global const float* a, global const float* b, global float* out, int size, int n,
    float sign_of) {
  const int i = get_global_id(0);
  if (i < size) out[i] = 2 * sign_of * dy[i / n] * (a[i] - b[i]);
}

// `counting`: 1 where h is above its threshold (stepCount), else h itself (jumpRelu).
kernel void gate(global const float* h, global const float* theta, global float* out, int size, int columns, int counting) {
  const int i = get_global_id(0);
  if (i < size) out[i] = h[i] > theta[i % columns] ? (counting ? 1.0f : h[i]) : 0.0f;
}

kernel void gate_gradient(global const float* dy, global const float* h, global const float* theta, global float* out, int size, int columns) {
  const int i = get_global_id(0);
  if (i < size) out[i] = h[i] > theta[i % columns] ? dy[i] : 0.0f;
}

// The gradient of the thresholds by slices of `rows` rows: -Σ dy · (theta) / bandwidth near the threshold. A
// work item for a column.
kernel void threshold_gradient(global const float* dy, global const float* h, global const float* theta, global float* out, int batch, int columns,
    int rows, float bandwidth, int counting) {
  const int column = get_global_id(0);
  if (column >= columns) return;
  const int slice = get_global_id(1);
  const float t = theta[column];
  const int end = min(batch, (slice + 1) * rows);
  float sum = 0;
  for (int row = slice * rows; row < end; row++) {
    const int at = row * columns + column;
    if (fabs((h[at] - t) / bandwidth) < 0.5f) sum -= dy[at] * (counting ? 1.0f : t) / bandwidth;
  }
  out[slice * columns + column] = sum;
}
