package customauth

import (
	"context"
	"fmt"
	"time"
)

// dummyAnswer is what clients send that only want to ask for another method.
const dummyAnswer = "__dummy__"

// Verify checks answers.
type Verify struct {
	Checkers []Checker
}

// Check returns the verdict on an answer. Which method it goes to depends on
// its form and on what Create sealed, never on what the client says it is.
func (v Verify) Check(ctx context.Context, user User, private map[string]string, answer string, started time.Time) (Verdict, error) {
	if answer == dummyAnswer {
		return Verdict{Reason: ReasonDummyAnswer}, nil
	}
	if len(answer) > MaxAnswer {
		return Verdict{Reason: ReasonAnswerTooBig}, nil
	}
	sealed, ok := openSealed(private)
	if !ok {
		return Verdict{Reason: ReasonNoChallenge}, nil
	}
	checker, ok := v.checkerFor(answer)
	if !ok {
		return Verdict{Reason: ReasonNoMethod}, nil
	}
	if !sealed.Accepts(checker.Method()) {
		return Verdict{Method: checker.Method(), Reason: ReasonNotAllowed}, nil
	}
	verdict, err := checker.Check(ctx, Answer{User: user, Text: answer, Sealed: sealed, Started: started})
	if err != nil {
		return Verdict{}, fmt.Errorf("checking a %s answer: %w", checker.Method(), err)
	}
	if verdict.Correct && user.NotFound {
		return Verdict{Method: checker.Method(), Reason: ReasonNoSuchUser}, nil
	}
	return verdict, nil
}

func (v Verify) checkerFor(answer string) (Checker, bool) {
	for _, c := range v.Checkers {
		if c.Recognizes(answer) {
			return c, true
		}
	}
	return nil, false
}
