#ifndef FRAUD_OPENBLAS_H
#define FRAUD_OPENBLAS_H
#include <cblas.h>
#include <lapacke.h>
#endif
