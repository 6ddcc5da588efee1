//go:build !mail

package main

import (
	"github.com/cognito-passkeys/cognito-passkeys/shared/api"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

func addNotices(*api.Handler, notice.Store, settings.Post, settings.AWS) error { return nil }
