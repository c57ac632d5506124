#ifndef FRAUD_CCompression_H
#define FRAUD_CCompression_H
#endif
