package report

import "zesei/internal/control"

// headers are the columns of the CSV: first those that the scheduled finder of
// old had, then ours.
var headers = []control.Text{
	{EN: "Resource", JA: "リソース"},
	{EN: "Title", JA: "違反事項"},
	{EN: "Control ID", JA: "コントロールID"},
	{EN: "Severity", JA: "重要度"},
	{EN: "Account ID", JA: "アカウントID"},
	{EN: "Account", JA: "アカウント名"},
	{EN: "Region", JA: "リージョン"},
	{EN: "Owner", JA: "担当"},
	{EN: "Due", JA: "対応期限"},
	{EN: "State", JA: "状態"},
	{EN: "Case", JA: "ケース"},
}

// states are the words for Row.State.
var states = map[string]control.Text{
	"open":        {EN: "open", JA: "未対応"},
	StateOverdue:  {EN: "overdue", JA: "期限超過"},
	"accepted":    {EN: "accepted", JA: "受容"},
	"suppressed":  {EN: "suppressed", JA: "抑制"},
	"closed":      {EN: "closed", JA: "完了"},
	StateNew:      {EN: "new", JA: "新規"},
	StateNotified: {EN: "notified", JA: "通知済み"},
}

// Titles of what belongs to no standard.
var (
	otherTitle     = control.Text{EN: "Other sources", JA: "その他の検出元"}
	incidentsTitle = control.Text{EN: "Incidents", JA: "インシデント"}
)
