package customauth_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
)

// riddle is a method of one's own: a type that is both an Issuer and a Checker.
// What users must not see goes from one to the other in the private values.
type riddle struct{}

func (riddle) Method() string       { return "riddle" }
func (riddle) Parameters() []string { return []string{"riddle"} }

// Issue asks nobody the same as everybody, so that the question tells nothing.
func (riddle) Issue(context.Context, customauth.Issue) (customauth.Issued, error) {
	return customauth.Issued{
		Public:  map[string]string{"riddle": "What has keys and opens no door?"},
		Private: map[string]string{"solution": "a piano"},
	}, nil
}

// Recognizes leaves answers to methods whose answers have a form: this one is opaque.
func (riddle) Recognizes(answer string) bool { return answer != "" }

// Check returns a wrong answer as a Verdict. An error would ask the user to try again.
func (r riddle) Check(_ context.Context, a customauth.Answer) (customauth.Verdict, error) {
	if !strings.EqualFold(a.Text, a.Sealed.Private["solution"]) {
		return customauth.Verdict{Method: r.Method(), Reason: "wrong_solution"}, nil
	}
	return customauth.Verdict{Correct: true, Method: r.Method()}, nil
}

// A method is given to the functions that need it: its name to Define, its Issuer
// to Create and its Checker to Verify. The app clients that accept it list it.
func Example_method() {
	define := customauth.Define{Openers: []string{riddle{}.Method()}}
	clients := directory{client: customauth.Client{RelyingPartyID: "example.com", Methods: []string{"riddle"}}}
	create, err := customauth.NewCreate(define, clients, time.Now, riddle{})
	if err != nil {
		panic(err)
	}
	verify := customauth.Verify{Opaque: riddle{}}

	opened, err := create.Open(context.Background(), user, customauth.History{})
	if err != nil {
		panic(err)
	}
	fmt.Println(opened.Public["riddle"])
	for _, answer := range []string{"a locksmith", "a piano"} {
		verdict, err := verify.Check(context.Background(), user, opened.Private, answer, time.Now())
		fmt.Println(verdict.Correct, verdict.Reason, err)
	}
	// Output:
	// What has keys and opens no door?
	// false wrong_solution <nil>
	// true  <nil>
}
