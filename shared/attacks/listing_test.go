package attacks_test

// attack is one case of the listing. It has tests, or says why it has none.
type attack struct {
	name  string
	tests []string // "Test", "Test/subtest", or with the folder of another package in front: "shared/api Test"
	later string   // what of it concerns a feature that is not built yet
	aws   string   // what of it only AWS can do, so that no test here can show it
}

// attacks: number → case. The numbers stay; new cases go to the end.
var attacks = map[int]attack{
	// The life of a challenge.
	1: {name: "a whole sign-in is sent again", tests: []string{
		"TestRejectsAReplayedSignIn", "shared/method/passkey/answer TestRetriedTrigger", "shared/method/passkey/answer TestRetryGraceEnds",
		"shared/method/ticket TestTicketSignsInOnce", "shared/method/ticket TestGraceEnds", "shared/method/once TestRejects",
		"shared/method/corbado TestAnswerInASessionThatIsNotForIt/a replay in a new session", "shared/method/passageflex TestNonceCountsOnce",
		"shared/method/httpprovider TestRejects/rejects a replay", "shared/corbado/classic TestTokenIsGoodOnceForItsBrowser/rejects a replay",
	}},
	2: {name: "the client brings the challenge that its answer signs", tests: []string{
		"TestRejectsAChallengeThatTheClientBrought", "shared/api TestSignInUserRefusalsLookAlike/rejects a challenge of one's own",
	}},
	3: {name: "one answer is sent many times at once", tests: []string{
		"shared/method/passkey/answer TestOverlappingAnswersCountOnce", "shared/method/passkey/answer TestOrdersOfOneAnswerTwice",
		"shared/method/passkey/answer TestOrdersOfOneAnswerInTwoSessions", "shared/method/passkey/answer TestCrowdOfSessionsWithOneAnswer",
		"shared/method/ticket TestOverlappingAnswersCountOnce", "shared/method/ticket TestOrdersOfOneAnswerTwice",
		"shared/method/ticket TestCrowdOfSessionsWithOneTicket", "shared/method/once TestOverlappingAnswersCountOnce",
		"shared/method/sent TestOrdersOfOneCodeTwice", "shared/method/sent TestOrdersOfOneLinkInTwoSessions",
	}},
	4: {name: "what expired is used while DynamoDB still has it", tests: []string{
		"TestRejectsAnExpiredRowThatIsStillThere", "shared/method/passkey/answer TestRefusals/rejects an expired stamp",
		"shared/method/ticket TestTicketRefusals/rejects a ticket that has expired",
	}},
	5: {name: "a registration's challenge signs in, or a sign-in's registers", tests: []string{"TestRejectsAChallengeOfTheOtherCeremony"}},
	6: {name: "one user's challenge is answered in another's session", tests: []string{
		"TestRejectsAnotherUsersChallenge", "shared/method/passkey/answer TestStampCountsOncePerPasskey",
		"shared/method/httpprovider TestRejects/rejects an answer to another transaction of the user", "shared/method/passageflex TestRejects/rejects another user's nonce",
	}},
	7: {name: "one user's registration is finished with another's token", tests: []string{"TestRejectsAnotherUsersRegistration"}},
	8: {name: "the session's challenge is missing or short", tests: []string{
		"TestRejectsASessionWithoutAChallenge", "shared/webauthn TestBothCeremoniesRejectAShortExpectedChallenge",
	}},
	9: {name: "the passkey is removed or its challenges are voided during a sign-in", tests: []string{
		"shared/method/passkey/answer TestRefusals/rejects a removed passkey", "shared/method/passkey/answer TestOrdersOfAnswerAndRemoval",
		"shared/method/passkey/answer TestOrdersOfAnswerAndNewRegistration", "shared/method/passkey/answer TestOrdersOfAnswerAndRaisedFloor",
		"shared/accounts/recovery TestOrdersOfRecoveryAndSignIn", "shared/accounts/recovery TestOrdersOfRecoveryAndRegistration",
		"shared/accounts/recovery TestOrdersOfRecoverySignInAndRegistration", "shared/accounts/recovery TestRecoveryThatKeepsThePasskeys",
		"shared/accounts/recovery TestSignOutWaitsForASignInThatIsUnderWay",
	}, aws: "no trigger is told of Cognito's own GlobalSignOut"},

	// Who the user is.
	10: {name: "the answer states another user's handle", tests: []string{"TestRejectsAnotherUsersHandle"}},
	11: {name: "one's own passkey answers for a user who has none", tests: []string{"TestRejectsAStrangersPasskey"}},
	12: {name: "the passkey's owner is not the user of the session", tests: []string{"TestRejectsAUserWhoLooksLikeAnother", "TestRejectsAStrangersPasskey"}},
	13: {name: "a passkey that states no user answers where no name was given", tests: []string{
		"shared/method/passkey/answer TestRefusals/rejects a stamped answer without user handle",
		"shared/api TestSignInUserRefusalsLookAlike/rejects an answer without user handle",
	}},
	14: {name: "the user name is an alias or differs in case", tests: []string{
		"TestPasskeysFollowTheSubAndNoName", "TestRejectsAUserWhoLooksLikeAnother", "infra/passkeys TestPoolDefaults",
	}},
	15: {name: "the triggers run for a name that nobody has", tests: []string{
		"TestRejectsAStrangersPasskey/rejects it for nobody", "TestRejectsAnAnswerForASubThatThePoolDoesNotKnow",
		"shared/method/passkey TestChallengesLookAlike", "shared/customauth TestDefineDecidesEveryHistory",
		"shared/method/ticket TestTicketIsRefusedForNobody", "shared/method/corbado TestNobodyCostsWhatAUserCosts",
		"shared/method/httpprovider TestUnknownUsersGetATransaction", "shared/method/httpprovider TestNobodyIsNotAskedAbout",
		"shared/method/passageflex TestUnknownUsersGetATransaction", "infra/local/userpool TestChoiceForUnknownUsers",
	}},
	16: {name: "an account is deleted and made again with the same address", tests: []string{
		"TestRejectsPasskeysOfADeletedAccount", "infra/local/userpool TestSessionOfADeletedUserIsNotTheNextOnes",
	}},
	17: {name: "a user who is disabled or not confirmed signs in", tests: []string{
		"shared/trigger TestDefineGivesNoTokensToUsersWhoMayNotSignIn", "infra/local/userpool TestCustomAuthRefusesUsersWhoCannotSignInYet",
		"infra/local/userpool TestSessions/rejects a user disabled in between", "infra/local/userpool TestChoiceTakesAnEligibleUserAndClient",
		"shared/corbado/classic TestSignInThatThePoolRefuses",
	}, aws: "Cognito tells no trigger that a user is disabled, and refuses the user itself"},

	// The conversation of the triggers.
	18: {name: "the session holds challenges of Cognito's own", tests: []string{
		"TestRejectsCognitosOwnChallenges", "shared/customauth TestDefineDecidesEveryHistory",
	}},
	19: {name: "a right answer to another kind of challenge", tests: []string{
		"TestRejectsARightAnswerToAnotherKindOfChallenge", "shared/customauth TestVerifyRejects/rejects a method that was not sealed",
		"shared/method/ticket TestTicketIsRefusedWhereTheClientDoesNotListIt",
		"shared/method/corbado TestAnswerInASessionThatIsNotForIt/a client that lists no such method",
	}},
	20: {name: "the client picks the method in its metadata and changes its mind", tests: []string{"TestMetadataOfTheClientDecidesNothing", "TestMethodOfAMailIsFixed", "TestMethodOfATextMessageIsFixed"}},
	21: {name: "a weaker method is asked for although there is a passkey", tests: []string{
		"TestRejectsADowngrade", "shared/customauth TestDefineFallbacks", "TestRejectsAMailWhereAPasskeyIsRequired",
		"TestRejectsAnOldLinkOnceAPasskeyIsRequired", "TestMailStandsInForAPreferredPasskey", "TestRejectsAMailUnderAnUnknownPolicy",
		"TestRejectsATextMessageWhereAPasskeyIsRequired", "TestTextMessageStandsInForAPreferredPasskey",
	}},
	22: {name: "wrong answers without end", tests: []string{"TestRejectsASecondTry", "shared/customauth TestDefineBoundsAttempts", "TestRejectsTooManyCodes", "shared/method/sent TestWrongCodesAreCountedInTheTable", "TestRejectsTooManyCodesInTextMessages"}},
	23: {name: "an answer to a round that Create did not open", tests: []string{"TestRejectsASessionWithoutAChallenge"}},
	24: {name: "a trigger is called for another pool, app client or purpose", tests: []string{
		"shared/trigger TestEachTriggerAnswersItsSourceAlone", "shared/trigger TestClientThatIsNotServed",
		"TestRejectsAStampMadeForSomethingElse/rejects one in another pool's event", "infra/passkeys TestInvocationIsLimitedToOneSource",
		"infra/passkeys TestOnlyListedClientsAreServed", "infra/passkeys TestImportedPoolMayInvokeItsTriggersFirst",
		"infra/local/importedpool TestAPoolNeedsPermissionToCallTheTriggers", "shared/method/ticket TestTicketRefusals/rejects a ticket for another pool",
		"shared/method/ticket TestTicketRefusals/rejects a ticket for another app client", "shared/corbado/actions TestRequestCannotPassForAnInvocation",
	}, aws: "Lambda holds a caller to the permission's SourceArn"},
	25: {name: "a fault on the way to the verdict", tests: []string{
		"shared/trigger TestFaultsNeverSignIn", "shared/trigger TestFaultsOfTheTable", "shared/trigger TestFaultOfARepeat",
		"shared/method/ticket TestFaultsAreNoVerdicts", "shared/method/once TestFaultsOfTheTable", "shared/method/once TestFaultOfTheService",
		"shared/method/corbado TestFaultOfTheServiceIsNoVerdict", "shared/method/corbado TestServiceThatIsDownIsNoVerdict",
		"shared/method/passageflex TestOutage", "shared/method/httpprovider TestFaultsOfTheService", "shared/corbado/classic TestFaultOfCorbadoIsNoAnswer",
		"shared/corbado/classic TestWebhookDuringAFault", "shared/corbado/actions TestFaultIsToBeTriedAgain",
	}},
	26: {name: "Cognito calls a trigger again whose reply was lost", tests: []string{
		"shared/method/passkey/answer TestRetriedTrigger", "shared/trigger TestRepeatedCreate", "shared/trigger TestRecordedAnswerSurvivesAConflict",
		"shared/method/ticket TestRepeats", "shared/method/once TestRepeatKeepsTheVerdict", "shared/method/corbado TestRepeatedTriggerKeepsTheVerdict",
		"shared/method/passageflex TestRepeatedTriggerKeepsTheVerdict",
	}},
	27: {name: "a huge or deeply nested answer", tests: []string{
		"TestRejectsHugeAndDeepAnswers", "shared/trigger FuzzVerify", "shared/webauthn FuzzParseAssertion",
		"shared/method/corbado TestAnswerInASessionThatIsNotForIt/an answer longer than any method needs",
		"shared/corbado/classic TestForgedWebhookRefused/rejects a huge body", "shared/corbado/actions TestRequestRefused/rejects a huge body",
	}},

	// What the client and the authenticator say.
	28: {name: "the user was not verified where that is required", tests: []string{
		"TestRejectsWhatTheClientOrTheAuthenticatorSays/rejects a user who was not verified", "shared/webauthn TestUserVerificationIsOnlyRequiredWhereRequired",
	}},
	29: {name: "the user was not present", tests: []string{"TestRejectsWhatTheClientOrTheAuthenticatorSays/rejects a user who was not present"}},
	30: {name: "the signature counter does not increase", tests: []string{
		"TestRejectsACountThatDoesNotIncrease", "shared/webauthn TestCounterPolicies", "shared/method/passkey/answer TestCounterOfSyncedKeyMayRegress",
		"shared/method/passkey/answer TestOrdersOfTwoCounts", "shared/method/passkey/answer TestCrowdOfCounts",
	}},
	31: {name: "the backup flags change or contradict each other", tests: []string{"TestRejectsBackupFlags"}},
	32: {name: "a passkey of another relying party that shares the table", tests: []string{
		"TestRejectsAPasskeyOfAnotherRelyingParty", "shared/method/passkey TestListOfAnotherRelyingPartyIsFalse",
	}},
	33: {name: "another origin, a frame, or an app that is not listed", tests: []string{
		"TestRejectsWhatTheClientOrTheAuthenticatorSays/rejects a page below the listed one", "TestRejectsWhatTheClientOrTheAuthenticatorSays/rejects a frame of another site",
		"TestRejectsAppsThatAreNotListed", "TestAppsThatAreListed",
	}},
	34: {name: "a public key that is weak, broken or of an algorithm that was not offered", tests: []string{
		"TestRejectsKeysAtRegistration", "shared/webauthn TestRegistrationRejectsKeys", "shared/webauthn TestVerifyAssertionRejectsAStoredKeyThatRegistrationWould",
		"infra/admin TestImportSkips/a weak RSA key", "infra/admin TestImportSkips/a point off the curve", "infra/admin TestImportSkipsLines/a changed key",
	}},
	35: {name: "a signature of zeros or in another form", tests: []string{"TestRejectsSignatures", "shared/webauthn TestVerifyAssertionRejectsSignatures"}},
	36: {name: "a payment confirmation as a sign-in", tests: []string{"TestRejectsWhatTheClientOrTheAuthenticatorSays/rejects a payment"}},

	// Registration and management.
	37: {name: "another user's credential id is registered", tests: []string{
		"TestRejectsACredentialIDThatIsTaken/rejects it of another user", "shared/credentials/dynamo TestStoreKeepsTheContract", "shared/api TestRegisterRejectsATakenCredentialID",
		"infra/admin TestImportKeepsTheTablesRules",
	}},
	38: {name: "one's own credential id is registered again", tests: []string{"TestRejectsACredentialIDThatIsTaken/rejects it of the same user"}},
	39: {name: "a stolen or old access token adds a passkey", tests: []string{
		"shared/api TestChangesRejectACaller/rejects a sign-in of more than five minutes ago", "shared/api TestChangesRejectACaller/rejects a revoked token",
		"shared/api TestOwnerIsToldOfChanges", "shared/api TestManyChangesAreTold", "shared/mail/notice TestLimitIsNews", "shared/mail/notice TestOwnerIsToldAlthoughTheTableFails",
		"shared/mail/words TestNameOfAPasskeyIsNothingButAName", "infra/local/e2e TestOwnerIsToldOfChanges",
	}},
	40: {name: "a passkey is registered for an address without signing in", tests: []string{"TestRejectsARegistrationForSomebodyElse", "shared/api TestTokens/rejects no token", "shared/accounts TestSignUp"}},
	41: {name: "somebody else's passkey is renamed or deleted by its id", tests: []string{
		"shared/api TestPathIDsThatNameNoPasskey", "shared/method/passageflex TestRevokeRefuses/rejects another user's device",
		"shared/method/passageflex TestDevicesOfSomebodyElse", "shared/api TestVendorRoutesServeTheCallerAlone",
	}},
	42: {name: "the last passkey is deleted", tests: []string{
		"shared/api TestDeleteRejectsTheLastPasskey", "shared/api TestDelete", "shared/credentials/dynamo TestStoreKeepsTheContract",
		"shared/api TestLastPasskeyStaysWithWhoHasNoOtherWayIn", "shared/accounts TestPasswordStays",
	}},
	43: {name: "markup, control characters or 10 kB as a name", tests: []string{
		"shared/api TestRenameRejectsNames", "shared/api TestRegisterRejectsNames", "shared/api TestRename", "TestNamesAreTextWhereverTheyAreShown",
	}},
	44: {name: "passkeys without end", tests: []string{"shared/api TestNumberOfPasskeysIsLimited", "shared/credentials/dynamo TestStoreKeepsTheContract"}},
	45: {name: "a passkey waits on an account made in another's name", tests: []string{
		"shared/api TestPasskeyNeedsAVerifiedAddress", "infra/admin TestImportSkips/a user without verified address",
		"shared/accounts TestSignUp", "shared/accounts TestSquatterMakesWay", "shared/accounts/proof TestRedeemRejects",
	}},

	// Accounts of the pool.
	46: {name: "an account is confirmed although its address is not verified", tests: []string{
		"shared/api TestPasskeyNeedsAVerifiedAddress/rejects an unverified address", "shared/trigger TestAccountsAreCreatedByThoseWhoMay", "TestRejectsSignUpPastThePage",
		"shared/accounts TestSignUp", "shared/accounts TestSignUpRejects/rejects a wrong code",
	}},
	47: {name: "a client marks its own address as verified", tests: []string{
		"infra/passkeys TestClients", "infra/local/userpool TestSignUpRefuses/rejects a self-made verification", "infra/local/userpool TestAttributeRefusals/rejects a self-made verification",
		"shared/trigger TestAccountsAreCreatedByThoseWhoMay", "TestRejectsSignUpPastThePage/rejects a verified address",
		"shared/trigger TestKnownPersonSignsUpAtCognito", "shared/accounts TestSignUpRejects/rejects a further member", "shared/accounts TestExistingAccountIsNeverTakenOver",
	}},
	48: {name: "a function takes an alias from another account", tests: []string{"infra/passkeys TestLeastPrivilege", "TestRejectsSignUpPastThePage/rejects the victim's address",
		"shared/accounts TestExistingAccountIsNeverTakenOver/whose alias the address is", "shared/accounts TestSquatterMakesWay/with names",
		"infra/local/userpool TestAdminCreateUserTakesNoAlias",
	}},
	49: {name: "an access token changes the address", tests: []string{
		"infra/passkeys TestPoolDefaults", "infra/local/userpool TestChangeOfEmailKeepsTheOriginalUntilVerified", "TestPasskeysFollowTheSubAndNoName",
	}},
	50: {name: "an address that differs in case", tests: []string{
		"infra/passkeys TestPoolDefaults", "infra/local/userpool TestSignUpRefuses/rejects an address that is taken, in any case", "TestRejectsAUserWhoLooksLikeAnother",
		"shared/accounts TestExistingAccountIsNeverTakenOver/who writes the address otherwise", "shared/accounts TestExistingAccountIsNeverTakenOver/whose alias differs in case",
		"shared/mail/mailbox TestSame", "shared/mail/mailbox TestIsAddress",
	}},
	51: {name: "accounts and passkeys are counted from outside", tests: []string{
		"shared/method/passkey TestChallengesLookAlike", "shared/method/passkey TestFalseListsStayTheSame", "shared/method/passkey TestFalseListsFollowOneDistribution",
		"shared/method/passkey TestNoKeyNoList", "shared/api TestSignInUserRefusalsLookAlike", "infra/passkeys TestClients",
		"infra/local/userpool TestForgottenPasswordTellsNothing", "shared/accounts TestRecoveryTellsNobodyWhoHasAnAccount",
		"shared/method/smscode TestRequestsLookAlike", "infra/local/e2e TestTextMessagesLookTheSame",
		"shared/accounts TestAskingLooksTheSame", "shared/accounts TestAskingAgainTooSoonLooksTheSame", "shared/accounts/proof TestRequestsLookAlike", "shared/accounts TestNobodyCanTellWhoIsKnown",
	}, aws: "what Cognito itself answers, and how long it takes"},
	52: {name: "a token of another use, app client or pool, or a revoked one", tests: []string{
		"shared/api TestTokens", "shared/api TestVendorChangesRejectACaller", "shared/api TestChangesRejectACaller/rejects a revoked token", "infra/local/gateway TestAuthorizerRefuses",
		"infra/local/gateway TestAuthorizerAcceptsAudienceAsAPIGatewayDoes", "infra/local/userpool TestAccessTokensThatAreNone",
	}},
	53: {name: "a token after sign-out, or of a user who is disabled", tests: []string{
		"shared/api TestChangesRejectACaller", "shared/httpapi TestAccountTellsRefusalsFromFaults", "shared/api TestListAndRenameNeedNoRecentSignIn",
		"infra/local/userpool TestRevocation", "infra/passkeys TestClients",
	}},
	54: {name: "a token without signature, with an HMAC, or of another key", tests: []string{
		"infra/local/gateway TestAuthorizerRefuses/an HMAC keyed with public bytes", "infra/local/gateway TestAuthorizerRefuses/another key",
		"infra/local/userpool TestAccessTokensThatAreNone/rejects an unsigned token",
	}, aws: "the authorizer in AWS is API Gateway's"},
	55: {name: "a mailed link is used twice, prefetched, or opened elsewhere", tests: []string{
		"TestRejectsMixedForms/rejects a link where links are off", "TestScannersUseNoLinkUp", "shared/method/sent TestLinkIsBoundToTheBrowser",
		"shared/method/sent TestLinkIsRefused", "shared/method/sent TestLinkInAnyBrowserIsAnOption", "shared/method/sent TestLinksOpenListedPagesOnly",
		"shared/method/sent TestLimits", "shared/method/sent TestOrdersOfOneLinkInTwoSessions", "infra/local/e2e TestSignInByMail",
	}},
	56: {name: "floods of mail, rows or calls", tests: []string{
		"functions TestPublicCallsWriteNothing", "functions TestRefusedAnswersWriteNothing", "infra/passkeys TestStage",
		"shared/method/sent TestCostOfAFlood", "shared/method/sent TestLimits", "shared/api TestManyChangesAreTold", "shared/accounts TestCostOfTryingNumbers",
		"infra/passkeys TestFirewallLimitsEachAddress", "infra/passkeys TestRollout",
		"shared/method/smscode TestCostOfAFlood", "shared/method/smscode TestLimits", "shared/quota TestLettersAtOnce", "shared/quota TestSource", "shared/accounts TestCostOfAFloodOfSignUps", "shared/accounts TestFloodOfRecoveriesCostsLittle", "shared/accounts TestCostOfAFloodOfGuesses",
		"infra/passkeys TestRoutesThatMailAreThrottled", "infra/passkeys TestRecoveryThatMailsIsThrottled", "infra/local/gateway TestThrottle", "infra/passkeys TestValidateTextMessages", "infra/passkeys TestAlarmsOfTextMessages",
	}, aws: "AWS WAF counts the requests of an address, and Lambda keeps the concurrency"},
	57: {name: "the log holds what could sign someone in", tests: []string{
		"TestMailsAreNotLogged",
		"shared/method/passkey/answer TestNothingSecretIsLogged", "shared/trigger TestPanicsAreLoggedWithoutTheirValue", "shared/api TestNoTokenIsLogged",
		"shared/webauthn TestRefusalsTellNothingThatWasExpected", "infra/passkeys TestStage", "infra/local/e2e TestSignInWithEmail",
		"shared/method/ticket TestTicketSignsInOnce", "shared/method/corbado TestFaultOfTheServiceIsNoVerdict", "shared/method/passageflex TestFaultsOfDevices",
		"shared/provider TestFaultsOfTheService", "shared/corbado/classic TestWebhookVerifiesPasswords", "shared/corbado/actions TestFaultIsToBeTriedAgain",
		"infra/admin TestATerminalDoesNotShowTheSecret", "infra/passkeys TestSecretsAreNotInTheTemplate", "functions/audit TestOnlyTheSchemaIsDelivered",
		"TestTextMessagesAreNotLogged", "infra/local/e2e TestSignInByTextMessage",
	}},

	// What this design opened by itself.
	58: {name: "the grace for repeated answers serves another session", tests: []string{
		"TestRejectsSomebodysAnswerWithinTheGrace", "shared/method/passkey/answer TestGraceServesNoOtherSession",
		"shared/accounts TestRecoveryByLink",
	}},
	59: {name: "a stamp for another purpose, pool, relying party or transaction", tests: []string{
		"TestRejectsAStampMadeForSomethingElse", "shared/stamp TestStampIsWorthNothingElsewhere", "shared/api TestSignInUserRefusalsLookAlike/rejects a stamp of another purpose",
	}, later: "step-up, whose stamps are bound to user, app client and transaction"},
	60: {name: "an unknown credential id is told by its cost or its answer", tests: []string{
		"TestUnknownCredentialIsAnsweredAlike", "shared/webauthn TestRefuseUnknownAlwaysRefuses", "shared/webauthn TestRefuseUnknownRefusesWhatVerifies",
	}},
	61: {name: "a refused fallback tells who has a passkey", tests: []string{
		"TestRejectsADowngrade", "TestRejectsAMailWhereAPasskeyIsRequired", "shared/method/sent TestRequestsLookAlike",
		"shared/method/sent TestFaultsLookLikeMails", "shared/method/sent TestTimeTellsNothing", "infra/local/e2e TestPasskeyRequiredLooksTheSame",
		"shared/accounts TestRecoveryTellsNobodyWhoHasAnAccount", "shared/accounts TestRecoveryLooksTheSameDuringAFault",
		"TestRejectsATextMessageWhereAPasskeyIsRequired", "shared/method/smscode TestRequestsLookAlike", "infra/local/e2e TestTextMessagesLookTheSame",
	}},
	62: {name: "two sign-ins at once swap the claims of how each was made", later: "claims that say how somebody signed in"},
	63: {name: "SignUp is called past the page", tests: []string{
		"infra/local/userpool TestSignUpRefuses", "TestRejectsSignUpPastThePage", "shared/trigger TestAccountsAreCreatedByThoseWhoMay",
		"infra/passkeys TestStepsOfPhasingPasswordsOut", "infra/local/e2e TestPasswordsArePhasedOut", "infra/local/e2e TestSignUpWithoutAPassword",
		"shared/accounts TestSquatterMakesWay",
		"shared/trigger TestTicketsThatLetNobodyThrough", "shared/trigger TestOneTicketMakesOneAccount", "shared/trigger TestOneOfACrowdIsLetThrough",
		"infra/local/e2e TestKnownPeopleSignUpWithAPassword", "infra/local/e2e TestReplayedTicketMakesNoAccount",
	}},
	64: {name: "account numbers are tried out", tests: []string{
		"shared/accounts TestNobodyCanTellWhoIsKnown", "shared/accounts TestTriesOfAnAccountNumber", "shared/accounts TestOneEntryMakesOneAccount", "shared/accounts TestBrokenSignUpOfAKnownPerson",
		"shared/accounts/roster TestTableHoldsHashesOnly", "shared/accounts/roster TestOneOfACrowdReserves", "shared/accounts/roster TestClaimIsForGood",
		"shared/trigger TestKnownPersonSignsUpAtCognito", "shared/trigger TestConfirmationOfStrangers", "shared/trigger TestFaultsAroundASignUpOfKnownPeople", "infra/local/e2e TestOnlyKnownPeopleSignUp",
	}},
	65: {name: "recovery takes the place of a passkey", tests: []string{
		"infra/passkeys TestPoolDefaults", "shared/accounts/recovery TestRecoveryWaitsAndEndsEverything", "shared/accounts/recovery TestRecoveryIsVoidOnceThePasskeysChanged",
		"shared/accounts/recovery TestRecoveryMustBeCompletedInTime", "shared/accounts/recovery TestRecoveryWhenTheClockJumps", "shared/accounts/recovery TestRecoveryIsOneUsers",
		"shared/accounts TestRecoveryIsVoidOnceAPasskeyWasUsed", "shared/accounts TestRecoveryCodeCountsOnce", "shared/accounts TestRecoveryRefusals",
		"shared/accounts TestRecoveryByLink", "shared/accounts TestRecoveryLinkRefusals", "infra/local/e2e TestRecoveryAfterItsDelay", "infra/local/e2e TestRecoveryByTheOperatorsLink",
		"TestRejectsAPasswordBesideAPasskey", "shared/trigger TestPasswordsEndWithAPasskey", "infra/local/e2e TestPasswordsArePhasedOut",
		"infra/passkeys TestStepsOfPhasingPasswordsOut", "shared/accounts TestPasswordIsTakenAway",
	}},
	66: {name: "an app client of the pool that was not meant", tests: []string{
		"shared/trigger TestClientThatIsNotServed", "shared/api TestTokens/rejects an access token of another client",
		"shared/api TestChangesRejectACaller/rejects a federated user",
		"infra/passkeys TestOnlyListedClientsAreServed", "infra/passkeys TestPoolsThatAreRefused/rejects a client that says who has an account",
		"infra/passkeys TestPoolsThatAreRefused/rejects passkeys of one factor where MFA is required",
		"functions/provision TestPoolRefusals/required MFA beside mails", "infra/passkeys TestPoolsThatAreRefused/rejects mails where MFA is required",
		"functions/provision TestPoolRefusals/a client that tells who has an account", "functions/provision TestPoolRefusals/a client with the default of that",
		"functions/provision TestPoolWithRequiredMFATakesVerifiedUsers", "infra/local/importedpool TestAPoolThatDoesNotSuitIsRefused",
		"infra/passkeys TestPoolsThatAreRefused/rejects text messages where MFA is required",
	}},
	67: {name: "two forms of answers in one", tests: []string{
		"TestRejectsMixedForms", "shared/webauthn TestParseAssertionReadsItsFormsStrictly/rejects a union of both forms",
		"shared/customauth TestVerifyDispatches", "shared/customauth TestMethodsOfOneRoundShareNoParameter", "shared/method/corbado TestRecognizesJWTsOnly",
		"shared/method/httpprovider TestForms", "infra/admin TestImportSkips/a key of another algorithm", "infra/admin TestImportSkips/a key that tells another user",
		"TestRejectsMixedMails", "shared/method/sent TestLinksOpenListedPagesOnly",
		"TestRejectsMixedStepUps", "TestRejectsAStepUpOfTwoUsers", "shared/method/smscode TestStepUpRefuses", "examples/passwordless-sample TestStepUp",
	}},
	68: {name: "an ID token that another backend saw", tests: []string{"shared/api TestTokens/rejects an ID token of a served client"},
		later: "routes for clients that send ID tokens"},
	69: {name: "what is meant for this machine runs in production", tests: []string{
		"shared/awsclient TestEndpointIsALoopbackLiteralOrNone", "infra/passkeys TestValidate/rejects http", "shared/webauthn TestValidateRejects",
		"infra/local/origin TestHostIsChecked", "shared/provider TestBaseURL", "shared/method/passageflex TestAppNeedsASafeBaseURL",
		"shared/method/httpprovider TestNewRefuses", "infra/admin TestUsage/rejects an endpoint that only looks local",
	}},
	70: {name: "a trigger's settings name the pool", tests: []string{"infra/passkeys TestNoCycle", "infra TestCycleIsAnErrorAtSynthesis"}},

	// What a backend or a service vouches for.
	71: {name: "a ticket is forged or changed", tests: []string{
		"infra/passkeys TestVendorProblems/rejects the key of stamps for tickets",
		"shared/method/ticket TestTicketRefusals", "shared/method/ticket TestSignerRefuses", "shared/corbado/classic TestSignInThatThePoolRefuses",
		"examples/amplify TestVendorsBesideOwnPasskeys/corbado",
	}},
	72: {name: "a service vouches for somebody else, or its yes names nobody", tests: []string{
		"shared/method/corbado TestAnswerRefused/rejects another user's answer without a call", "shared/method/corbado TestAnswerRefused/rejects an answer for nobody",
		"shared/method/corbado TestServiceThatVouchesForAnybodyIsNotAsked", "shared/method/passageflex TestRejects/rejects a yes for somebody else",
		"shared/method/httpprovider TestRejects/rejects a yes for somebody else", "shared/method/httpprovider TestEmptyIdentifierIsNobodys",
		"shared/corbado/classic TestTicketOfAnotherUser", "shared/method/corbado TestConnectTokenForSomebodyOrSomethingElseIsNotHandedOut",
		"examples/amplify TestVendorsBesideOwnPasskeys",
	}},
	73: {name: "a service's reply is a redirect, huge, ambiguous, or never ends", tests: []string{
		"shared/provider TestFaultsOfTheService", "shared/provider TestSilentService", "shared/provider TestCircuit", "shared/provider TestRefusalsOpenNoCircuit",
		"shared/method/corbado TestReplyIsReadStrictly", "shared/method/httpprovider TestUnexpectedReplies", "shared/corbado/classic TestReplyOfCorbadoIsReadStrictly",
	}},
	74: {name: "somebody calls in a service's name", tests: []string{
		"shared/corbado/classic TestForgedWebhookRefused", "shared/corbado/actions TestRequestRefused", "shared/basicauth TestMatches",
		"shared/basicauth TestMatchesNobodyWithoutCredentials",
	}},
	75: {name: "what a client sends leaves the path or the filter it is put into", tests: []string{
		"shared/provider TestPathStaysBelowTheBase", "shared/method/passageflex TestRevokeRefuses/rejects a path", "shared/corbado/actions TestPreLoginFilterIsNotInjected",
	}},
	76: {name: "an address that nobody verified stands for an account", tests: []string{
		"shared/corbado/classic TestSignInOfAnAddressThatOnlyFoldsIntoAnothers", "shared/api TestPasskeyAtAVendorNeedsAVerifiedAddress",
		"shared/corbado/classic TestSignInOfAnAddressThatIsNotVerified", "shared/corbado/actions TestPreLoginTakesNobodyForAnother",
		"shared/method/httpprovider TestRejects/rejects an address that the service has not verified",
	}},

	// What is brought from elsewhere, and Cognito's own passkeys.
	77: {name: "a backup or another table's passkeys are given to somebody else", tests: []string{
		"infra/admin TestImportSkipsLines/another user's sub", "infra/admin TestImportSkips/a user named by an alias",
		"infra/admin TestImportSkips/another relying party's", "infra/admin TestImportSkips/a key that tells another user", "infra/admin/migrate TestHoldersAreCompared",
	}},
	78: {name: "the stack takes the place of a pool's own checks", tests: []string{
		"infra/passkeys TestReplaceTriggersReplacesExactlyThose", "infra/passkeys TestPoolsThatAreRefused/rejects triggers that are taken",
		"functions/provision TestPoolRefusals/a trigger that Replace doesn't name", "functions/provision TestPoolGetsTriggersAndKeepsTheRest",
		"functions/provision TestPoolThatOthersChangeMeanwhile", "infra/local/importedpool TestAPoolGetsItsTriggersBack",
	}},
	79: {name: "Cognito's own passkeys are taken for this stack's, or made weaker than it asks", tests: []string{
		"TestRejectsCognitosOwnChallenges", "infra/passkeys TestNativeBesideKeepsWhatThereIs", "infra/passkeys TestValidateNative/rejects MFA without user verification",
		"infra/local/userpool TestPasskeyOfAnotherUser", "infra/local/userpool TestDeletedPasskeyNoLongerSignsIn",
		"infra/local/userpool TestRegistrationIsBoundToUserClientAndOneAnswer",
	}, aws: "the relying party of Cognito's own passkeys is Cognito"},
}
