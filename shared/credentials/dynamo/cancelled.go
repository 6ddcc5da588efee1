package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// Codes of CancellationReason (DynamoDB API reference, TransactWriteItems).
const (
	codeCondition = "ConditionalCheckFailed"
	codeConflict  = "TransactionConflict"
)

// cancelledError is a transaction that DynamoDB cancelled: nothing was written.
type cancelledError struct {
	*types.TransactionCanceledException
}

// condition reports whether the n-th write's condition failed.
func (e *cancelledError) condition(n int) bool {
	return n < len(e.CancellationReasons) && aws.ToString(e.CancellationReasons[n].Code) == codeCondition
}

// fault is the error when no condition failed.
func (e *cancelledError) fault() error {
	for _, r := range e.CancellationReasons {
		if aws.ToString(r.Code) == codeConflict {
			return credentials.ErrConflict
		}
	}
	return e.TransactionCanceledException
}
