// Command actor is a Lambda function that does what its event says.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do  string
	URL string
}

func main() {
	if os.Getenv("FAIL_INIT") != "" {
		fmt.Fprintln(os.Stderr, "the setting COLOR is missing")
		os.Exit(3)
	}
	lambda.Start(act)
}

func act(ctx context.Context, e event) (map[string]any, error) {
	switch e.Do {
	case "describe":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"pid": os.Getpid(), "environment": os.Environ(), "arn": lc.InvokedFunctionArn,
			"requestID": lc.AwsRequestID, "deadline": deadline.UnixMilli(),
		}, nil
	case "meet":
		response, err := http.Get(e.URL)
		if err != nil {
			return nil, err
		}
		return map[string]any{"pid": os.Getpid()}, response.Body.Close()
	case "fail":
		return nil, errors.New("no such colour")
	case "panic":
		panic("out of paint")
	case "exit":
		os.Exit(7)
	case "hang":
		select {}
	case "flood":
		return map[string]any{"text": strings.Repeat("x", 7<<20)}, nil
	}
	fmt.Fprintln(os.Stderr, "asked to", e.Do)
	return nil, nil
}
