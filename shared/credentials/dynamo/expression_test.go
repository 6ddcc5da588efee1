package dynamo

import "testing"

// DynamoDB refuses a clause without operands, which the table of the tests lets pass.
func TestUpdateHasNoEmptyClause(t *testing.T) {
	var x expression
	x.set(x.name("a"), flag(true))
	if got := *x.update(); got != "SET #n0 = :v0" {
		t.Errorf("update is %q", got)
	}
	x.remove(x.name("b"))
	if got := *x.update(); got != "SET #n0 = :v0 REMOVE #n1" {
		t.Errorf("update is %q", got)
	}
}
