package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/putsecret"
)

var putSecret = command{
	name:    "put-secret",
	does:    "puts a vendor's secret from the standard input into its SecureString parameter",
	needs:   "ssm:PutParameter on the parameter, and kms:Encrypt on the key if one is named",
	prepare: preparePutSecret,
}

func preparePutSecret(flags *flag.FlagSet) action {
	var to connection
	to.addTo(flags)
	parameter := flags.String("parameter", "", "name of the parameter")
	key := flags.String("key", "", "id, ARN or alias of the KMS key that encrypts it, also when it is replaced; default the one that AWS manages for Parameter Store")
	replace := flags.Bool("replace", false, "overwrite a parameter that exists")
	return func(ctx context.Context, s streams) error {
		if err := required(flags, "parameter"); err != nil {
			return err
		}
		cfg, err := to.config(ctx)
		if err != nil {
			return err
		}
		text, err := putsecret.Read(s.in, s.err)
		if err != nil {
			return err
		}
		version, err := putsecret.Put(ctx, ssm.NewFromConfig(cfg), *parameter, text, *key, putsecret.Existing(*replace))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "Put into %s, version %d. Functions notice within five minutes.\n", *parameter, version)
		return err
	}
}
