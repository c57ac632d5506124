// OpenBLAS (CBLAS) and LAPACKE as Swift sees them: only what LinearAlgebra calls, so that neither the headers'
// complex types nor their differences between distributions matter. Signatures are those of CBLAS and LAPACKE (LP64).
#ifndef FRAUD_OPENBLAS_H
#define FRAUD_OPENBLAS_H

#include <stdint.h>

/// y := alpha·op(A)·x + beta·y over a column-major A of `rows` × `columns`.
void fraud_sgemv(
    int transposed, int rows, int columns, float alpha, const float *_Nonnull a, int lda, const float *_Nonnull x, float beta,
    float *_Nonnull y);
void fraud_dgemv(
    int transposed, int rows, int columns, double alpha, const double *_Nonnull a, int lda, const double *_Nonnull x, double beta,
    double *_Nonnull y);

/// Lower triangle of C := alpha·AᵀA + beta·C; A is column-major, `rows` × `columns`, C `columns` square.
void fraud_dsyrk_gram(
    int rows, int columns, double alpha, const double *_Nonnull a, int lda, double beta, double *_Nonnull c, int ldc);

double fraud_ddot(int count, const double *_Nonnull x, const double *_Nonnull y);

/// LAPACK's dpotrf, dpotrs and dpotri on the lower triangle; the return value is LAPACK's info.
int fraud_dpotrf(int order, double *_Nonnull a, int lda);
int fraud_dpotrs(int order, int right_sides, const double *_Nonnull factor, int lda, double *_Nonnull b, int ldb);
int fraud_dpotri(int order, double *_Nonnull factor, int lda);

/// Threads that one call may use: 1 from the start of the process, until somebody sets another number.
int fraud_blas_threads(void);

#endif
