package dynamo

import (
	"errors"

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

// errNotFirst means that the user got an item since somebody saw that there was none.
var errNotFirst = errors.New("the user has an item")

// addition is the error of a transaction whose writes from the n-th on add a
// passkey.
func (e *cancelledError) addition(n int, first bool) error {
	switch {
	case e.condition(n), e.condition(n + 1):
		return credentials.ErrDuplicate
	case e.condition(n+2) && first:
		return errNotFirst
	case e.condition(n + 2):
		return credentials.ErrTooMany
	default:
		return e.fault()
	}
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
