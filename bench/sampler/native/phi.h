/* Firing probabilities, as phi-grid.ts and world/normal.ts compute them. */
#pragma once

#include "logarithm.h"

#define GRID_LOW (-10.0)
/* Places of the grid: from -10 to 8 in steps of 1/32. */
#define GRID_TOP 576

/* Phi(x), after W. J. Cody: see world/normal.ts. */
static double phi(double x) {
  static const double A[] = {3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694,
                             0.18577770618460315};
  static const double B[] = {23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171};
  static const double C[] = {0.5641884969886701,  8.883149794388377,  66.11919063714163,
                             298.6351381974001,   881.952221241769,   1712.0476126340707,
                             2051.0783778260716,  1230.3393547979972, 2.1531153547440383e-8};
  static const double D[] = {15.744926110709835, 117.6939508913125,  537.1811018620099,  1621.3895745666903,
                             3290.7992357334597, 4362.619090143247, 3439.3676741437216, 1230.3393548037495};
  static const double P[] = {0.30532663496123236,  0.36034489994980445,  0.12578172611122926,
                             0.016083785148742275, 0.0006587491615298378, 0.016315387137302097};
  static const double Q[] = {2.568520192289822, 1.8729528499234673, 0.5279051029514285, 0.06051834131244132,
                             0.0023352049762686918};
  const double SQRT1_2 = 0.7071067811865476, OF_ROOT_PI = 0.5641895835477563;
  double t = -x * SQRT1_2;
  double y = __builtin_fabs(t);
  if (y <= 0.46875) {
    double z = t * t;
    double numerator = A[4] * z, denominator = z;
    for (int i = 0; i < 3; i++) {
      numerator = (numerator + A[i]) * z;
      denominator = (denominator + B[i]) * z;
    }
    return 0.5 * (1 - (t * (numerator + A[3])) / (denominator + B[3]));
  }
  if (!(y <= 27)) return t < 0 ? 1 : 0;
  double tail;
  if (y <= 4) {
    double numerator = C[8] * y, denominator = y;
    for (int i = 0; i < 7; i++) {
      numerator = (numerator + C[i]) * y;
      denominator = (denominator + D[i]) * y;
    }
    tail = (numerator + C[7]) / (denominator + D[7]);
  } else {
    double z = 1 / (y * y);
    double numerator = P[5] * z, denominator = z;
    for (int i = 0; i < 4; i++) {
      numerator = (numerator + P[i]) * z;
      denominator = (denominator + Q[i]) * z;
    }
    tail = (OF_ROOT_PI - (z * (numerator + P[4])) / (denominator + Q[4])) / y;
  }
  double whole = __builtin_trunc(y * 16) / 16;
  tail *= exp_of(-whole * whole) * exp_of(-(y - whole) * (y + whole));
  return 0.5 * (t < 0 ? 2 - tail : tail);
}

/* The place of x in the grid, rounded up. */
INLINE int level_above(double x) {
  double level = __builtin_ceil((x - GRID_LOW) * 32);
  level = level < GRID_TOP ? level : GRID_TOP;
  return (int)(level > 0 ? level : 0);
}

/* Whether u < Phi(x). */
INLINE int is_below_phi(double u, double x, const double *bound) {
  double cell = __builtin_floor((x - GRID_LOW) * 32);
  if (cell >= 0 && cell < GRID_TOP) {
    if (u < bound[(int)cell]) return 1;
    if (u >= bound[(int)cell + 1]) return 0;
  }
  return u < phi(x);
}

