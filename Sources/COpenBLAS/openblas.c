#include "COpenBLAS.h"

#include <cblas.h>
#include <lapacke.h>

void fraud_sgemv(int transposed, int rows, int columns, float alpha, const float *a, int lda, const float *x, float beta, float *y) {
    cblas_sgemv(CblasColMajor, transposed ? CblasTrans : CblasNoTrans, rows, columns, alpha, a, lda, x, 1, beta, y, 1);
}

void fraud_dgemv(int transposed, int rows, int columns, double alpha, const double *a, int lda, const double *x, double beta, double *y) {
    cblas_dgemv(CblasColMajor, transposed ? CblasTrans : CblasNoTrans, rows, columns, alpha, a, lda, x, 1, beta, y, 1);
}

void fraud_dsyrk_gram(int rows, int columns, double alpha, const double *a, int lda, double beta, double *c, int ldc) {
    cblas_dsyrk(CblasColMajor, CblasLower, CblasTrans, columns, rows, alpha, a, lda, beta, c, ldc);
}

double fraud_ddot(int count, const double *x, const double *y) { return cblas_ddot(count, x, 1, y, 1); }

int fraud_dpotrf(int order, double *a, int lda) { return (int)LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', order, a, lda); }

int fraud_dpotrs(int order, int right_sides, const double *factor, int lda, double *b, int ldb) {
    return (int)LAPACKE_dpotrs(LAPACK_COL_MAJOR, 'L', order, right_sides, factor, lda, b, ldb);
}

int fraud_dpotri(int order, double *factor, int lda) { return (int)LAPACKE_dpotri(LAPACK_COL_MAJOR, 'L', order, factor, lda); }

int fraud_blas_threads(void) { return openblas_get_num_threads(); }

// In OpenBLAS with threads (driver/others/blas_server.c), not in its headers.
extern int blas_thread_shutdown_(void) __attribute__((weak));

// When it is loaded, OpenBLAS starts a thread for each further core, and each asks for work for 2^28 ticks, a tenth of a second of a core,
// before it sleeps (github.com/OpenMathLib/OpenBLAS/issues/1614). Setting a number of threads starts those that were ended anew.
__attribute__((constructor)) static void use_one_thread(void) {
    if (openblas_get_num_threads() != 1) openblas_set_num_threads(1);
    if (blas_thread_shutdown_) blas_thread_shutdown_();
}
