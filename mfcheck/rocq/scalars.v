Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
Open Scope R_scope.

Lemma tanh_exp : forall x, tanh x = 1 - 2 / (exp (2 * x) + 1).
Proof.
  intros. unfold tanh, sinh, cosh. replace (2 * x) with (x + x) by ring. rewrite exp_plus, exp_Ropp.
  pose proof (exp_pos x). assert (0 < exp x * exp x) by (apply Rmult_lt_0_compat; auto).
  assert (0 < / exp x) by (apply Rinv_0_lt_compat; auto).
  field. repeat split; nra.
Qed.

Lemma rmax_abs : forall x y, Rmax x y = (x + y + Rabs (x - y)) / 2.
Proof. intros. unfold Rmax, Rabs. destruct (Rle_dec x y), (Rcase_abs (x - y)); lra. Qed.

Lemma rmin_abs : forall x y, Rmin x y = (x + y - Rabs (x - y)) / 2.
Proof. intros. unfold Rmin, Rabs. destruct (Rle_dec x y), (Rcase_abs (x - y)); lra. Qed.

(* A function that is not negative at one end and moves away from zero is not negative. *)
Lemma from_left : forall (f g : R -> R) a b,
  (forall x, a <= x <= b -> is_derive f x (g x)) -> 0 <= f a -> (forall x, a <= x <= b -> 0 <= g x) ->
  forall x, a <= x <= b -> 0 <= f x.
Proof.
  intros f g a b D F G x [H1 H2]. destruct (Rle_lt_or_eq_dec a x H1) as [L | <-]; auto.
  destruct (MVT_gen f a x g) as [c [C E]].
  - rewrite Rmin_left, Rmax_right by lra. intros; apply D; lra.
  - rewrite Rmin_left, Rmax_right by lra. intros. apply continuity_pt_filterlim.
    apply (ex_derive_continuous f). exists (g x0). apply D; lra.
  - rewrite Rmin_left, Rmax_right in C by lra.
    assert (0 <= g c) by (apply G; lra). assert (0 <= g c * (x - a)) by (apply Rmult_le_pos; lra). lra.
Qed.

Lemma from_right : forall (f g : R -> R) a b,
  (forall x, a <= x <= b -> is_derive f x (- g x)) -> 0 <= f b -> (forall x, a <= x <= b -> 0 <= g x) ->
  forall x, a <= x <= b -> 0 <= f x.
Proof.
  intros f g a b D F G x [H1 H2]. destruct (Rle_lt_or_eq_dec x b H2) as [L | ->]; auto.
  destruct (MVT_gen f x b (fun y => - g y)) as [c [C E]].
  - rewrite Rmin_left, Rmax_right by lra. intros; apply D; lra.
  - rewrite Rmin_left, Rmax_right by lra. intros. apply continuity_pt_filterlim.
    apply (ex_derive_continuous f). exists (- g x0). apply D; lra.
  - rewrite Rmin_left, Rmax_right in C by lra.
    assert (0 <= g c) by (apply G; lra). assert (0 <= g c * (b - x)) by (apply Rmult_le_pos; lra). lra.
Qed.

(* Values that are known exactly, at the end of an interval. *)
Ltac exact_values := repeat match goal with
  | |- context [sin ?x] => replace (sin x) with 0 by (replace x with 0 by field; now rewrite sin_0)
  | |- context [cos ?x] => replace (cos x) with 1 by (replace x with 0 by field; now rewrite cos_0)
  | |- context [exp ?x] => replace (exp x) with 1 by (replace x with 0 by field; now rewrite exp_0)
  | |- context [atan ?x] => replace (atan x) with 0 by (replace x with 0 by field; now rewrite atan_0)
  | |- context [ln ?x] => replace (ln x) with 0 by (replace x with 1 by field; now rewrite ln_1)
  | |- context [sqrt ?x] => replace (sqrt x) with 1 by (replace x with 1 by field; now rewrite sqrt_1)
  end.
Ltac derivative := intros; auto_derive; [repeat split; try lra; try interval; auto |
  unfold Rdiv; first [ring | field; repeat split; try lra; try interval]].
