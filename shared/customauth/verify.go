package customauth

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// dummyAnswer is what clients send that only want to ask for another method.
const dummyAnswer = "__dummy__"

// Verify checks answers.
type Verify struct {
	Checkers []Checker // asked in their order: where one form includes another, the narrower stands first
	Opaque   Checker   // gets the answers that have the form of none of them; nil if there is none
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
	checker, refusal := v.checkerFor(answer, sealed)
	if checker == nil {
		return refusal, nil
	}
	sealed.Private = privateOf(checker.Method(), private)
	verdict, err := checker.Check(ctx, Answer{User: user, Text: answer, Sealed: sealed, Started: started})
	if err != nil {
		return Verdict{}, fmt.Errorf("checking a %s answer: %w", checker.Method(), err)
	}
	switch {
	case !sealed.Accepts(checker.Method()):
		return Verdict{Method: checker.Method(), Reason: ReasonNotAllowed}, nil
	case verdict.Correct && user.NotFound:
		return Verdict{Method: checker.Method(), Reason: ReasonNoSuchUser}, nil
	}
	return verdict, nil
}

// checkerFor returns the checker of an answer among those of the methods that
// were sealed as allowed, or nil and the verdict. Where several methods have
// answers of that form, such as codes, it is the one of the fallback that was
// asked for; that one is returned also where it was not allowed, because the time
// of its check would tell for whom it is. An answer that has the form of another
// method that was not allowed, such as a ticket, never reaches the opaque one,
// which would show it to a service of others.
func (v Verify) checkerFor(answer string, sealed Sealed) (Checker, Verdict) {
	i := slices.IndexFunc(v.Checkers, func(c Checker) bool { return c.Method() == sealed.Fallback && c.Recognizes(answer) })
	if i < 0 {
		i = slices.IndexFunc(v.Checkers, func(c Checker) bool { return c.Recognizes(answer) })
	}
	checker := v.Opaque
	if i >= 0 {
		checker = v.Checkers[i]
	}
	switch {
	case checker == nil || !checker.Recognizes(answer):
		return nil, Verdict{Reason: ReasonNoMethod}
	case !sealed.Accepts(checker.Method()) && checker.Method() != sealed.Fallback:
		return nil, Verdict{Method: checker.Method(), Reason: ReasonNotAllowed}
	}
	return checker, Verdict{}
}
