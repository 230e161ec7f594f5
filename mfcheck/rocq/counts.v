Require Ranalysis5.
Module Counts.
(* --- means: linear, and at most a multiple of what dominates --- *)
Lemma far_apart : filter_prod (Rbar_locally m_infty) (Rbar_locally p_infty) (fun ab : R * R => fst ab <= snd ab).
Proof.
  apply (Filter_prod _ _ _ (fun a => a < 0) (fun b => 0 < b)). exists 0; auto. exists 0; auto. intros; simpl; lra.
Qed.
Lemma everywhere : forall P : R -> Prop, (forall x, P x) ->
  filter_prod (Rbar_locally m_infty) (Rbar_locally p_infty) (fun ab : R * R => forall x, fst ab <= x <= snd ab -> P x).
Proof. intros. apply (Filter_prod _ _ _ (fun a => a < 0) (fun b => 0 < b)). exists 0; auto. exists 0; auto. auto. Qed.
Definition tempered (c : R) (k : nat) (f : R -> R) : Prop :=
  (forall x, continuous f x) /\ forall x, Rabs (f x) <= c * exp (INR k * Rabs x).
Lemma tempered_mean : forall c k f, tempered c k f -> has_mean f.
Proof.
  intros c k f [C B]. destruct (whole_exists f c k (2 * INR k + 1) C B) as [l [W _]]. lra. now apply (mean_is f l).
Qed.
Lemma mean_linear : forall f g h d, has_mean f -> has_mean g -> has_mean h ->
  has_mean (fun x => f x - g x - d * h x) /\ Mean (fun x => f x - g x - d * h x) = Mean f - Mean g - d * Mean h.
Proof.
  intros f g h d F G H. pose proof sqrt_2pi as S.
  destruct (mean_is (fun x => f x - g x - d * h x) ((Mean f - Mean g - d * Mean h) * sqrt (2 * PI))) as [M E].
  - unfold has_mean, whole_integral in *.
    assert (Q : minus (minus (Mean f * sqrt (2 * PI)) (Mean g * sqrt (2 * PI))) (scal d (Mean h * sqrt (2 * PI))) =
      (Mean f - Mean g - d * Mean h) * sqrt (2 * PI)).
    { unfold minus, plus, opp, scal, mult; simpl. unfold mult; simpl. match goal with |- ?a = ?b => change (@eq R a b) end. ring. }
    rewrite <- Q. pose proof (is_RInt_gen_minus _ _ _ _ (is_RInt_gen_minus _ _ _ _ F G) (is_RInt_gen_scal _ d _ H)) as K.
    replace (fun x => (f x - g x - d * h x) * bell x) with
      (fun y => minus (minus (f y * bell y) (g y * bell y)) (scal d (h y * bell y))); auto.
    apply functional_extensionality. intros. unfold minus, plus, opp, scal; simpl. unfold mult; simpl.
    match goal with |- ?a = ?b => change (@eq R a b) end. ring.
  - split; auto. rewrite E. field. lra.
Qed.
Lemma mean_dominated : forall k, exists M, 0 <= M /\ forall c f, 0 <= c -> tempered c k f -> Rabs (Mean f) <= c * M.
Proof.
  intros k. set (e := fun x => exp (INR k * Rabs x)).
  assert (Te : tempered 1 k e).
  { split. intros. unfold e. apply (continuous_ext (fun x => 1 * exp (INR k * Rabs x))). intros y; match goal with |- ?a = ?b => change (@eq R a b) end; ring. apply exp_abs_continuous.
    intros. unfold e. rewrite Rabs_pos_eq. lra. left; apply exp_pos. }
  pose proof (tempered_mean _ _ _ Te) as H. pose proof sqrt_2pi as S. exists (Rabs (Mean e)). split. apply Rabs_pos.
  intros c f Hc [C B]. pose proof (tempered_mean c k f (conj C B)) as F. unfold has_mean, whole_integral in *.
  pose proof (is_RInt_gen_scal _ c _ H) as K.
  assert (L : norm (Mean f * sqrt (2 * PI)) <= scal c (Mean e * sqrt (2 * PI))).
  { apply (RInt_gen_norm (fun x => f x * bell x) (fun x => scal c (e x * bell x)) _ _ far_apart); auto.
    apply (everywhere (fun x => norm (f x * bell x) <= scal c (e x * bell x))). intros x. unfold scal, norm; simpl. unfold mult, abs; simpl.
    rewrite Rabs_mult, (Rabs_pos_eq (bell x)) by (left; apply exp_pos). rewrite <- Rmult_assoc. apply Rmult_le_compat_r.
    left; apply exp_pos. apply B. }
  unfold scal, norm in L; simpl in L. unfold mult, abs in L; simpl in L. rewrite Rabs_mult, (Rabs_pos_eq (sqrt _)) in L by lra.
  assert (Rabs (Mean f) <= c * Mean e). { apply Rmult_le_reg_r with (sqrt (2 * PI)); auto. lra. }
  apply Rle_trans with (1 := H0). apply Rmult_le_compat_l; auto. apply Rle_abs.
Qed.
(* --- the derivative of a mean --- *)
Fixpoint bounded (t : term) : bool :=
  match t with
  | Var => false | Par _ => true | Num _ => true | Neg a => bounded a | Pow a _ => bounded a | Exp a => bounded a | Tanh _ => true
  | Div a (Num z) => bounded a | Div _ _ => false | Max _ _ => false | Min _ _ => false
  | Add a b => bounded a && bounded b | Sub a b => bounded a && bounded b | Mul a b => bounded a && bounded b
  end.
Fixpoint flat (t : term) : bool :=
  match t with
  | Var => true | Par _ => true | Num _ => true | Neg a => flat a | Pow a _ => flat a | Exp a => flat a && bounded a | Tanh a => flat a
  | Div a (Num z) => flat a | Div _ _ => false | Max _ _ => false | Min _ _ => false
  | Add a b => flat a && flat b | Sub a b => flat a && flat b | Mul a b => flat a && flat b
  end.
Definition added (a b : term) : term := match a, b with Num 0, _ => b | _, Num 0 => a | _, _ => Add a b end.
Definition subtracted (a b : term) : term := match a, b with _, Num 0 => a | _, _ => Sub a b end.
Definition multiplied (a b : term) : term := match a, b with Num 0, _ => Num 0 | _, Num 0 => Num 0 | _, _ => Mul a b end.
Definition divided (a b : term) : term := match a with Num 0 => Num 0 | _ => Div a b end.
(* The k-th parameter has its derivative as parameter n + k, if it moves. *)
Fixpoint tangent (n : nat) (moves : list bool) (t : term) : term :=
  match t with
  | Var => Num 0 | Num _ => Num 0 | Par k => if List.nth k moves false then Par (n + k) else Num 0
  | Neg a => multiplied (Num (-1)) (tangent n moves a)
  | Add a b => added (tangent n moves a) (tangent n moves b)
  | Sub a b => subtracted (tangent n moves a) (tangent n moves b)
  | Mul a b => added (multiplied (tangent n moves a) b) (multiplied (tangent n moves b) a)
  | Div a b => divided (tangent n moves a) b
  | Pow a m => match m with O => Num 0 | S m' => multiplied (multiplied (Num (Z.of_nat m)) (Pow a m')) (tangent n moves a) end
  | Tanh a => multiplied (Sub (Num 1) (Pow (Tanh a) 2)) (tangent n moves a)
  | Exp a => multiplied (Exp a) (tangent n moves a)
  | Max _ _ => Num 0 | Min _ _ => Num 0
  end.
Lemma added_value : forall e a b x, value e (added a b) x = value e a x + value e b x.
Proof. intros e a b x. destruct a as [| |[]| | | | | | | | | |], b as [| |[]| | | | | | | | | |]; simpl; ring. Qed.
Lemma subtracted_value : forall e a b x, value e (subtracted a b) x = value e a x - value e b x.
Proof. intros e a b x. destruct b as [| |[]| | | | | | | | | |]; simpl; ring. Qed.
Lemma multiplied_value : forall e a b x, value e (multiplied a b) x = value e a x * value e b x.
Proof. intros e a b x. destruct a as [| |[]| | | | | | | | | |], b as [| |[]| | | | | | | | | |]; simpl; ring. Qed.
Lemma divided_value : forall e a b x, value e (divided a b) x = value e a x / value e b x.
Proof. intros e a b x. destruct a as [| |[]| | | | | | | | | |]; simpl; unfold Rdiv; try ring. Qed.
Lemma flat_added : forall a b, flat a = true -> flat b = true -> flat (added a b) = true.
Proof. intros a b A B. destruct a as [| |[]| | | | | | | | | |], b as [| |[]| | | | | | | | | |]; simpl in *; auto; rewrite ?A, ?B; auto. Qed.
Lemma flat_subtracted : forall a b, flat a = true -> flat b = true -> flat (subtracted a b) = true.
Proof. intros a b A B. unfold subtracted. destruct b as [| |[]| | | | | | | | | |]; auto; simpl flat; rewrite ?A; auto. Qed.
Lemma flat_multiplied : forall a b, flat a = true -> flat b = true -> flat (multiplied a b) = true.
Proof. intros a b A B. destruct a as [| |[]| | | | | | | | | |], b as [| |[]| | | | | | | | | |]; simpl in *; auto; rewrite ?A, ?B; auto. Qed.
Lemma flat_tangent : forall n moves t, flat t = true -> flat (tangent n moves t) = true.
Proof.
  induction t; cbn [flat tangent]; intros H; parts; try discriminate H; auto.
  - now destruct (List.nth k moves false).
  - apply flat_multiplied; auto.
  - apply flat_added; auto.
  - apply flat_subtracted; auto.
  - apply flat_added; apply flat_multiplied; auto.
  - destruct t2; try discriminate H. specialize (IHt1 H). destruct (tangent n moves t1) as [| |[]| | | | | | | | | |]; auto.
  - destruct n0; auto. apply flat_multiplied; [apply flat_multiplied|]; auto.
  - apply flat_multiplied; auto. cbn [flat]. now apply andb_true_iff.
  - apply flat_multiplied; auto.
Qed.
Lemma flat_tame : forall c t, flat t = true -> tame c t = true.
Proof.
  induction t; cbn [flat tame]; intros H; parts; try discriminate H; auto; try (now rewrite IHt1, IHt2 by auto).
  destruct t2; try discriminate H. now rewrite IHt1.
Qed.
(* Near e the parameters move by d times their slopes, within w |d|. *)
Definition near (w d : R) (moves : list bool) (e0 e1 e' : list R) : Prop := forall k,
  Rabs (List.nth k e1 0 - List.nth k e0 0 - d * List.nth k e' 0) <= w * Rabs d /\ (List.nth k moves false = false -> List.nth k e' 0 = 0).
Definition follows (c : R) (k : nat) (w d : R) (f0 f1 f' : R -> R) : Prop := forall x,
  Rabs (f0 x) <= c * exp (INR k * Rabs x) /\ Rabs (f' x) <= c * exp (INR k * Rabs x) /\
  Rabs (f1 x - f0 x - d * f' x) <= c * exp (INR k * Rabs x) * (w * Rabs d).
Lemma follows_more : forall c k c1 k1 w d f0 f1 f', 0 <= c -> 0 <= w -> c <= c1 -> (k <= k1)%nat -> follows c k w d f0 f1 f' -> follows c1 k1 w d f0 f1 f'.
Proof.
  intros c k c1 k1 w d f0 f1 f' C W L K H x. destruct (H x) as [H1 [H2 H3]].
  pose proof (steady_more c c1 k k1 x C L K). repeat split; eauto using Rle_trans.
  apply Rle_trans with (1 := H3). apply Rmult_le_compat_r; auto. apply Rmult_le_pos; auto. apply Rabs_pos.
Qed.
(* The parameters that a term has are below n. *)
Fixpoint below (n : nat) (t : term) : bool :=
  match t with
  | Var => true | Num _ => true | Par k => Nat.ltb k n | Neg a => below n a | Pow a _ => below n a | Exp a => below n a | Tanh a => below n a
  | Add a b => below n a && below n b | Sub a b => below n a && below n b | Mul a b => below n a && below n b
  | Div a b => below n a && below n b | Max a b => below n a && below n b | Min a b => below n a && below n b
  end.
Lemma below_value : forall n e e', length e = n -> forall t, below n t = true -> forall x, value (List.app e e') t x = value e t x.
Proof.
  intros n e e' L. induction t; cbn [below value]; intros H x; parts; auto; try (rewrite ?IHt, ?IHt1, ?IHt2; auto).
  apply List.app_nth1. rewrite L. now apply Nat.ltb_lt.
Qed.
Definition close (moves : list bool) (e0 e' : list R) (f : list R -> R -> R) (f' : R -> R) : Prop :=
  exists c k, 0 <= c /\ forall w d e1, Rabs d <= w -> w <= 1 -> near w d moves e0 e1 e' -> follows c k w d (f e0) (f e1) f'.
Lemma close_two : forall moves e0 e' f g f' g', close moves e0 e' f f' -> close moves e0 e' g g' ->
  exists c k, 0 <= c /\ forall w d e1, Rabs d <= w -> w <= 1 -> near w d moves e0 e1 e' ->
    follows c k w d (f e0) (f e1) f' /\ follows c k w d (g e0) (g e1) g'.
Proof.
  intros moves e0 e' f g f' g' [c [k [C H]]] [c1 [k1 [C1 H1]]]. exists (c + c1), (Nat.max k k1). split; [lra|].
  intros w d e1 W W1 N. assert (0 <= w) by (pose proof (Rabs_pos d); lra). split.
  - apply (follows_more c k); auto; try lra. lia.
  - apply (follows_more c1 k1); auto; try lra. lia.
Qed.
Lemma close_sum : forall moves e0 e' f g f' g' h h', close moves e0 e' f f' -> close moves e0 e' g g' ->
  (forall e x, h e x = f e x + g e x) -> (forall x, h' x = f' x + g' x) -> close moves e0 e' h h'.
Proof.
  intros moves e0 e' f g f' g' h h' F G Eh Eh'. destruct (close_two _ _ _ _ _ _ _ F G) as [c [k [C B]]]. exists (2 * c), k.
  split; [lra|]. intros w d e1 W W1 N x. destruct (B w d e1 W W1 N) as [B1 B2]. destruct (B1 x) as [P1 [P2 P3]], (B2 x) as [Q1 [Q2 Q3]].
  rewrite !Eh, Eh'. rewrite !(Rmult_assoc 2). set (E := c * exp (INR k * Rabs x)) in *. repeat split.
  - apply Rle_trans with (1 := Rabs_triang _ _). lra.
  - apply Rle_trans with (1 := Rabs_triang _ _). lra.
  - replace (f e1 x + g e1 x - (f e0 x + g e0 x) - d * (f' x + g' x)) with ((f e1 x - f e0 x - d * f' x) + (g e1 x - g e0 x - d * g' x)) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). lra.
Qed.
Lemma close_scale : forall moves e0 e' f f' a h h', close moves e0 e' f f' ->
  (forall e x, h e x = a * f e x) -> (forall x, h' x = a * f' x) -> close moves e0 e' h h'.
Proof.
  intros moves e0 e' f f' a h h' [c [k [C B]]] Eh Eh'. exists (Rabs a * c), k. pose proof (Rabs_pos a) as A.
  split; [now apply Rmult_le_pos|]. intros w d e1 W W1 N x. destruct (B w d e1 W W1 N x) as [P1 [P2 P3]].
  rewrite !Eh, Eh'. rewrite !(Rmult_assoc (Rabs a)). set (E := c * exp (INR k * Rabs x)) in *. repeat split.
  - rewrite Rabs_mult. now apply Rmult_le_compat_l.
  - rewrite Rabs_mult. now apply Rmult_le_compat_l.
  - replace (a * f e1 x - a * f e0 x - d * (a * f' x)) with (a * (f e1 x - f e0 x - d * f' x)) by ring.
    rewrite Rabs_mult. now apply Rmult_le_compat_l.
Qed.
Lemma close_product : forall moves e0 e' f g f' g' h h', close moves e0 e' f f' -> close moves e0 e' g g' ->
  (forall e x, h e x = f e x * g e x) -> (forall x, h' x = f' x * g e0 x + g' x * f e0 x) -> close moves e0 e' h h'.
Proof.
  intros moves e0 e' f g f' g' h h' F G Eh Eh'. destruct (close_two _ _ _ _ _ _ _ F G) as [c [k [C B]]]. exists (6 * (c * c)), (k + k)%nat.
  split; [pose proof (Rmult_le_pos _ _ C C); lra|]. intros w d e1 W W1 N x. destruct (B w d e1 W W1 N) as [B1 B2].
  destruct (B1 x) as [P1 [P2 P3]], (B2 x) as [Q1 [Q2 Q3]]. rewrite !Eh, Eh'. set (E := c * exp (INR k * Rabs x)) in *.
  assert (EE : 6 * (c * c) * exp (INR (k + k) * Rabs x) = 6 * (E * E)).
  { unfold E. rewrite plus_INR, Rmult_plus_distr_r, exp_plus. ring. }
  rewrite EE. assert (E0 : 0 <= E) by (pose proof (Rabs_pos (f e0 x)); lra). pose proof (Rmult_le_pos _ _ E0 E0) as EP.
  pose proof (Rabs_pos d) as D0. assert (WD : 0 <= w * Rabs d) by (apply Rmult_le_pos; lra).
  assert (X1 : Rabs (f' x * g e0 x) <= E * E) by (rewrite Rabs_mult; apply Rmult_le_compat; auto using Rabs_pos).
  assert (X2 : Rabs (g' x * f e0 x) <= E * E) by (rewrite Rabs_mult; apply Rmult_le_compat; auto using Rabs_pos).
  repeat split.
  - apply Rle_trans with (E * E); [|lra]. rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos.
  - apply Rle_trans with (1 := Rabs_triang _ _). lra.
  - assert (M : forall u u0 u', Rabs u' <= E -> Rabs (u - u0 - d * u') <= E * (w * Rabs d) -> Rabs (u - u0) <= 2 * E * Rabs d).
    { intros u u0 u' U V. replace (u - u0) with ((u - u0 - d * u') + d * u') by ring. apply Rle_trans with (1 := Rabs_triang _ _).
      rewrite Rabs_mult. assert (Rabs d * Rabs u' <= Rabs d * E) by (apply Rmult_le_compat_l; auto).
      assert (E * (w * Rabs d) <= E * Rabs d). { apply Rmult_le_compat_l; auto. rewrite <- (Rmult_1_l (Rabs d)) at 2. apply Rmult_le_compat_r; auto. }
      lra. }
    pose proof (M _ _ _ P2 P3) as M1. pose proof (M _ _ _ Q2 Q3) as M2.
    replace (f e1 x * g e1 x - f e0 x * g e0 x - d * (f' x * g e0 x + g' x * f e0 x)) with
      ((f e1 x - f e0 x - d * f' x) * g e0 x + (g e1 x - g e0 x - d * g' x) * f e0 x + (f e1 x - f e0 x) * (g e1 x - g e0 x)) by ring.
    assert (T1 : Rabs ((f e1 x - f e0 x - d * f' x) * g e0 x) <= E * (w * Rabs d) * E) by (rewrite Rabs_mult; apply Rmult_le_compat; auto using Rabs_pos).
    assert (T2 : Rabs ((g e1 x - g e0 x - d * g' x) * f e0 x) <= E * (w * Rabs d) * E) by (rewrite Rabs_mult; apply Rmult_le_compat; auto using Rabs_pos).
    assert (T3 : Rabs ((f e1 x - f e0 x) * (g e1 x - g e0 x)) <= (2 * E * Rabs d) * (2 * E * Rabs d)) by (rewrite Rabs_mult; apply Rmult_le_compat; auto using Rabs_pos).
    assert (T4 : (2 * E * Rabs d) * (2 * E * Rabs d) <= 4 * (E * E) * (w * Rabs d)).
    { replace ((2 * E * Rabs d) * (2 * E * Rabs d)) with (4 * (E * E) * (Rabs d * Rabs d)) by ring. apply Rmult_le_compat_l. lra. now apply Rmult_le_compat_r. }
    apply Rle_trans with (1 := Rabs_triang _ _). pose proof (Rabs_triang ((f e1 x - f e0 x - d * f' x) * g e0 x) ((g e1 x - g e0 x - d * g' x) * f e0 x)).
    replace (6 * (E * E) * (w * Rabs d)) with (E * (w * Rabs d) * E + E * (w * Rabs d) * E + 4 * (E * E) * (w * Rabs d)) by ring. lra.
Qed.
Lemma close_constant : forall moves e0 e' v, close moves e0 e' (fun _ _ => v) (fun _ => 0).
Proof.
  intros. exists (Rabs v), O. split. apply Rabs_pos. intros w d e1 W W1 N x. simpl. rewrite Rmult_0_l, exp_0, Rmult_1_r.
  rewrite Rmult_0_r, Rabs_R0. pose proof (Rabs_pos v). repeat split; try lra. replace (v - v - 0) with 0 by ring. rewrite Rabs_R0.
  apply Rmult_le_pos; auto. apply Rmult_le_pos. pose proof (Rabs_pos d). lra. apply Rabs_pos.
Qed.
Lemma close_power : forall moves e0 e' f f' m, close moves e0 e' f f' ->
  close moves e0 e' (fun e x => f e x ^ S m) (fun x => INR (S m) * f e0 x ^ m * f' x).
Proof.
  intros moves e0 e' f f' m F. induction m.
  - destruct F as [c [k [C B]]]. exists c, k. split; auto. intros w d e1 W W1 N x. simpl. rewrite !Rmult_1_r, Rmult_1_l. now apply B.
  - apply (close_product _ _ _ _ _ _ _ _ _ F IHm). intros; simpl; ring. intros. rewrite (S_INR (S m)). simpl. ring.
Qed.
Lemma tanh_second : forall a b, Rabs (tanh b - tanh a - (b - a) * (1 - tanh a ^ 2)) <= 2 * (b - a) ^ 2.
Proof.
  intros. assert (T : forall y, -1 <= tanh y <= 1) by (intros; apply Rabs_le_between, tanh_bound).
  destruct (MVT_gen tanh a b (fun t => 1 - tanh t ^ 2)) as [c [C E]].
  - intros. apply is_derive_tanh.
  - intros. apply continuity_pt_filterlim. apply (ex_derive_continuous tanh). eexists. apply is_derive_tanh.
  - rewrite E. replace ((1 - tanh c ^ 2) * (b - a) - (b - a) * (1 - tanh a ^ 2)) with ((tanh a - tanh c) * (tanh a + tanh c) * (b - a)) by ring.
    rewrite !Rabs_mult. pose proof (tanh_lip a c) as L. assert (A : Rabs (a - c) <= Rabs (b - a)).
    { unfold Rmin, Rmax in C. destruct (Rle_dec a b); unfold Rabs; repeat destruct Rcase_abs; lra. }
    assert (S2 : Rabs (tanh a + tanh c) <= 2) by (pose proof (T a); pose proof (T c); apply Rabs_le; lra).
    rewrite <- pow2_abs. simpl. rewrite Rmult_1_r. pose proof (Rabs_pos (b - a)).
    apply Rle_trans with (Rabs (b - a) * 2 * Rabs (b - a)); [|lra]. apply Rmult_le_compat_r; auto.
    apply Rmult_le_compat; auto using Rabs_pos. lra.
Qed.
Lemma close_tanh : forall moves e0 e' f f', close moves e0 e' f f' ->
  close moves e0 e' (fun e x => tanh (f e x)) (fun x => (1 - tanh (f e0 x) ^ 2) * f' x).
Proof.
  intros moves e0 e' f f' [c [k [C B]]]. exists (1 + c + 8 * (c * c)), (k + k)%nat. pose proof (Rmult_le_pos _ _ C C) as CC. split; [lra|].
  intros w d e1 W W1 N x. destruct (B w d e1 W W1 N x) as [P1 [P2 P3]]. set (E := c * exp (INR k * Rabs x)) in *.
  set (G := exp (INR (k + k) * Rabs x)).
  assert (G1 : 1 <= exp (INR k * Rabs x)).
  { rewrite <- exp_0. apply exp_more, Rmult_le_pos. apply pos_INR. apply Rabs_pos. }
  assert (GG : G = exp (INR k * Rabs x) * exp (INR k * Rabs x)) by (unfold G; rewrite plus_INR, Rmult_plus_distr_r, exp_plus; ring).
  assert (G2 : exp (INR k * Rabs x) <= G). { rewrite GG. rewrite <- (Rmult_1_l (exp (INR k * Rabs x))) at 1. apply Rmult_le_compat_r; lra. }
  assert (E0 : 0 <= E) by (pose proof (Rabs_pos (f e0 x)); lra).
  assert (E1 : E <= c * G) by (unfold E; apply Rmult_le_compat_l; auto).
  assert (E2 : E * E = c * c * G) by (rewrite GG; unfold E; ring).
  assert (T : forall y, Rabs (1 - tanh y ^ 2) <= 1).
  { intros y. pose proof (tanh_bound y) as K. apply Rabs_le_between in K. apply Rabs_le. simpl. nra. }
  assert (Gp : 0 <= c * c * G) by (rewrite <- E2; now apply Rmult_le_pos).
  assert (Gc : 0 <= c * G) by lra. pose proof (Rabs_pos d) as D0. assert (WD : 0 <= w * Rabs d) by (apply Rmult_le_pos; lra).
  replace ((1 + c + 8 * (c * c)) * G) with (G + c * G + 8 * (c * c * G)) by ring. repeat split.
  - pose proof (tanh_bound (f e0 x)). lra.
  - rewrite Rabs_mult. assert (Rabs (1 - tanh (f e0 x) ^ 2) * Rabs (f' x) <= 1 * E); [|lra]. apply Rmult_le_compat; auto using Rabs_pos.
  - replace (tanh (f e1 x) - tanh (f e0 x) - d * ((1 - tanh (f e0 x) ^ 2) * f' x)) with
      ((tanh (f e1 x) - tanh (f e0 x) - (f e1 x - f e0 x) * (1 - tanh (f e0 x) ^ 2)) + (f e1 x - f e0 x - d * f' x) * (1 - tanh (f e0 x) ^ 2)) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite (Rabs_mult (f e1 x - f e0 x - d * f' x)).
    assert (U1 : Rabs (f e1 x - f e0 x - d * f' x) * Rabs (1 - tanh (f e0 x) ^ 2) <= E * (w * Rabs d) * 1) by (apply Rmult_le_compat; auto using Rabs_pos).
    assert (M : Rabs (f e1 x - f e0 x) <= 2 * E * Rabs d).
    { replace (f e1 x - f e0 x) with ((f e1 x - f e0 x - d * f' x) + d * f' x) by ring. apply Rle_trans with (1 := Rabs_triang _ _).
      rewrite Rabs_mult. assert (Rabs d * Rabs (f' x) <= Rabs d * E) by (apply Rmult_le_compat_l; auto).
      assert (E * (w * Rabs d) <= E * Rabs d). { apply Rmult_le_compat_l; auto. rewrite <- (Rmult_1_l (Rabs d)) at 2. apply Rmult_le_compat_r; auto. }
      lra. }
    pose proof (tanh_second (f e0 x) (f e1 x)) as S2. rewrite <- (pow2_abs (f e1 x - f e0 x)) in S2.
    assert (M2 : Rabs (f e1 x - f e0 x) ^ 2 <= 4 * (c * c * G) * (w * Rabs d)).
    { apply Rle_trans with ((2 * E * Rabs d) ^ 2). apply pow_incr. split; auto using Rabs_pos.
      replace ((2 * E * Rabs d) ^ 2) with (4 * (E * E) * (Rabs d * Rabs d)) by ring. rewrite E2. apply Rmult_le_compat_l. lra. now apply Rmult_le_compat_r. }
    assert (E * (w * Rabs d) <= c * G * (w * Rabs d)) by (apply Rmult_le_compat_r; auto).
    replace ((G + c * G + 8 * (c * c * G)) * (w * Rabs d)) with (G * (w * Rabs d) + c * G * (w * Rabs d) + 2 * (4 * (c * c * G) * (w * Rabs d))) by ring.
    assert (0 <= G * (w * Rabs d)) by (apply Rmult_le_pos; auto; lra). lra.
Qed.
(* What does not depend on the variable, sums, products and powers of it, tanh, and exp of all that, are bounded. *)
Fixpoint most (s : R) (t : term) : R :=
  match t with
  | Par _ => s | Num z => Rabs (IZR z) | Neg a => most s a | Pow a n => most s a ^ n | Exp a => exp (most s a) | Tanh _ => 1
  | Add a b => most s a + most s b | Sub a b => most s a + most s b | Mul a b => most s a * most s b | Div a b => most s a * Rabs (/ value nil b 0)
  | _ => 0
  end.
Lemma bounded_most : forall e s, (forall k, Rabs (List.nth k e 0) <= s) -> forall t, bounded t = true -> forall x, Rabs (value e t x) <= most s t.
Proof.
  intros e s H. induction t; cbn [bounded value most]; intros B x; parts; try discriminate B.
  - apply H.
  - lra.
  - rewrite Rabs_Ropp. auto.
  - apply Rle_trans with (1 := Rabs_triang _ _). apply Rplus_le_compat; auto.
  - unfold Rminus. apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_Ropp. apply Rplus_le_compat; auto.
  - rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos.
  - destruct t2; try discriminate B. unfold Rdiv. rewrite Rabs_mult. apply Rmult_le_compat; auto using Rabs_pos. simpl. lra.
  - rewrite <- RPow_abs. apply pow_incr. split; auto using Rabs_pos.
  - rewrite Rabs_pos_eq by (left; apply exp_pos). apply exp_more. apply Rle_trans with (2 := IHt B x). apply Rle_abs.
  - apply tanh_bound.
Qed.
Lemma near_size : forall moves e0 e', exists s, forall w d e1, Rabs d <= w -> w <= 1 -> near w d moves e0 e1 e' -> forall k, Rabs (List.nth k e1 0) <= s.
Proof.
  intros moves e0 e'. assert (S1 : forall l : list R, exists s, 0 <= s /\ forall k, Rabs (List.nth k l 0) <= s).
  { induction l as [|x l [s [S0 Hs]]]. exists 0. split; [lra|]. intros k; destruct k; simpl; rewrite Rabs_R0; lra.
    exists (s + Rabs x). pose proof (Rabs_pos x). split; [lra|]. intros [|k]; simpl. lra. specialize (Hs k). lra. }
  destruct (S1 e0) as [a [A Ha]], (S1 e') as [b [B Hb]]. exists (a + b + 1). intros w d e1 W W1 N k. destruct (N k) as [N1 _].
  specialize (Ha k). specialize (Hb k). pose proof (Rabs_pos d).
  replace (List.nth k e1 0) with (List.nth k e0 0 + d * List.nth k e' 0 + (List.nth k e1 0 - List.nth k e0 0 - d * List.nth k e' 0)) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). pose proof (Rabs_triang (List.nth k e0 0) (d * List.nth k e' 0)) as T. rewrite (Rabs_mult d) in T.
  assert (Rabs d * Rabs (List.nth k e' 0) <= 1 * b) by (apply Rmult_le_compat; auto using Rabs_pos; lra).
  assert (w * Rabs d <= 1 * 1) by (apply Rmult_le_compat; lra). lra.
Qed.
Lemma exp_second : forall m a b, a <= m -> b <= m -> Rabs (exp b - exp a - (b - a) * exp a) <= exp m * (b - a) ^ 2.
Proof.
  intros m a b A B. assert (L : forall u v, u <= m -> v <= m -> Rabs (exp v - exp u) <= exp m * Rabs (v - u)).
  { intros u v U V. destruct (MVT_gen exp u v exp) as [c [C E]].
    intros; apply is_derive_exp. intros; apply continuity_pt_filterlim; apply continuous_exp.
    rewrite E, Rabs_mult, (Rabs_pos_eq (exp c)) by (left; apply exp_pos). apply Rmult_le_compat_r. apply Rabs_pos. apply exp_more.
    unfold Rmax in C. destruct (Rle_dec u v); lra. }
  destruct (MVT_gen exp a b exp) as [c [C E]].
  intros; apply is_derive_exp. intros; apply continuity_pt_filterlim; apply continuous_exp.
  rewrite E. replace (exp c * (b - a) - (b - a) * exp a) with ((exp c - exp a) * (b - a)) by ring. rewrite Rabs_mult, <- pow2_abs. simpl. rewrite Rmult_1_r.
  rewrite <- Rmult_assoc. apply Rmult_le_compat_r. apply Rabs_pos.
  assert (Cm : c <= m) by (unfold Rmax in C; destruct (Rle_dec a b); lra). apply Rle_trans with (1 := L a c A Cm). apply Rmult_le_compat_l.
  left; apply exp_pos. unfold Rmin, Rmax in C. destruct (Rle_dec a b); unfold Rabs; repeat destruct Rcase_abs; lra.
Qed.
Lemma close_exp : forall moves e0 e' f f' m, (forall w d e1, Rabs d <= w -> w <= 1 -> near w d moves e0 e1 e' -> forall x, f e0 x <= m /\ f e1 x <= m) ->
  close moves e0 e' f f' -> close moves e0 e' (fun e x => exp (f e x)) (fun x => exp (f e0 x) * f' x).
Proof.
  intros moves e0 e' f f' m Hm [c [k [C B]]]. set (M := exp m). assert (M0 : 0 < M) by apply exp_pos.
  pose proof (Rmult_le_pos _ _ C C) as CC. exists (M * (1 + c + 4 * (c * c))), (k + k)%nat. split. apply Rmult_le_pos; lra.
  intros w d e1 W W1 N x. destruct (B w d e1 W W1 N x) as [P1 [P2 P3]]. destruct (Hm w d e1 W W1 N x) as [M1 M2]. set (E := c * exp (INR k * Rabs x)) in *.
  set (G := exp (INR (k + k) * Rabs x)).
  assert (G1 : 1 <= exp (INR k * Rabs x)).
  { rewrite <- exp_0. apply exp_more, Rmult_le_pos. apply pos_INR. apply Rabs_pos. }
  assert (GG : G = exp (INR k * Rabs x) * exp (INR k * Rabs x)) by (unfold G; rewrite plus_INR, Rmult_plus_distr_r, exp_plus; ring).
  assert (G2 : exp (INR k * Rabs x) <= G). { rewrite GG. rewrite <- (Rmult_1_l (exp (INR k * Rabs x))) at 1. apply Rmult_le_compat_r; lra. }
  assert (E0 : 0 <= E) by (pose proof (Rabs_pos (f e0 x)); lra).
  assert (E1 : E <= c * G) by (unfold E; apply Rmult_le_compat_l; auto).
  assert (E2 : E * E = c * c * G) by (rewrite GG; unfold E; ring).
  assert (Gp : 0 <= c * c * G) by (rewrite <- E2; now apply Rmult_le_pos).
  assert (Gc : 0 <= c * G) by lra. pose proof (Rabs_pos d) as D0. assert (WD : 0 <= w * Rabs d) by (apply Rmult_le_pos; lra).
  assert (X0 : Rabs (exp (f e0 x)) <= M) by (rewrite Rabs_pos_eq by (left; apply exp_pos); now apply exp_more).
  assert (Sum : M * (1 + c + 4 * (c * c)) * G = M * G + M * (c * G) + M * (4 * (c * c * G))) by ring.
  assert (MG : 0 <= M * G) by (apply Rmult_le_pos; lra). assert (McG : 0 <= M * (c * G)) by (apply Rmult_le_pos; lra).
  assert (MccG : 0 <= M * (4 * (c * c * G))) by (apply Rmult_le_pos; lra). rewrite Sum. repeat split.
  - assert (M * 1 <= M * G) by (apply Rmult_le_compat_l; lra). lra.
  - rewrite Rabs_mult. assert (Rabs (exp (f e0 x)) * Rabs (f' x) <= M * E) by (apply Rmult_le_compat; auto using Rabs_pos).
    assert (M * E <= M * (c * G)) by (apply Rmult_le_compat_l; lra). lra.
  - replace (exp (f e1 x) - exp (f e0 x) - d * (exp (f e0 x) * f' x)) with
      ((exp (f e1 x) - exp (f e0 x) - (f e1 x - f e0 x) * exp (f e0 x)) + exp (f e0 x) * (f e1 x - f e0 x - d * f' x)) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). rewrite (Rabs_mult (exp (f e0 x))).
    assert (U1 : Rabs (exp (f e0 x)) * Rabs (f e1 x - f e0 x - d * f' x) <= M * (E * (w * Rabs d))) by (apply Rmult_le_compat; auto using Rabs_pos).
    assert (D1 : Rabs (f e1 x - f e0 x) <= 2 * E * Rabs d).
    { replace (f e1 x - f e0 x) with ((f e1 x - f e0 x - d * f' x) + d * f' x) by ring. apply Rle_trans with (1 := Rabs_triang _ _).
      rewrite Rabs_mult. assert (Rabs d * Rabs (f' x) <= Rabs d * E) by (apply Rmult_le_compat_l; auto).
      assert (E * (w * Rabs d) <= E * Rabs d). { apply Rmult_le_compat_l; auto. rewrite <- (Rmult_1_l (Rabs d)) at 2. apply Rmult_le_compat_r; auto. }
      lra. }
    pose proof (exp_second m (f e0 x) (f e1 x) M1 M2) as S2. fold M in S2. rewrite <- (pow2_abs (f e1 x - f e0 x)) in S2.
    assert (D2 : Rabs (f e1 x - f e0 x) ^ 2 <= 4 * (c * c * G) * (w * Rabs d)).
    { apply Rle_trans with ((2 * E * Rabs d) ^ 2). apply pow_incr. split; auto using Rabs_pos.
      replace ((2 * E * Rabs d) ^ 2) with (4 * (E * E) * (Rabs d * Rabs d)) by ring. rewrite E2. apply Rmult_le_compat_l. lra. now apply Rmult_le_compat_r. }
    assert (M * Rabs (f e1 x - f e0 x) ^ 2 <= M * (4 * (c * c * G) * (w * Rabs d))) by (apply Rmult_le_compat_l; lra).
    assert (M * (E * (w * Rabs d)) <= M * (c * G * (w * Rabs d))). { apply Rmult_le_compat_l. lra. apply Rmult_le_compat_r; auto. }
    assert (0 <= M * G * (w * Rabs d)) by (apply Rmult_le_pos; auto).
    replace ((M * G + M * (c * G) + M * (4 * (c * c * G))) * (w * Rabs d)) with
      (M * G * (w * Rabs d) + M * (c * G * (w * Rabs d)) + M * (4 * (c * c * G) * (w * Rabs d))) by ring. lra.
Qed.
Lemma tangent_close : forall moves e0 e', length e' = length e0 -> forall t, flat t = true -> below (length e0) t = true ->
  close moves e0 e' (fun e => value e t) (value (List.app e0 e') (tangent (length e0) moves t)).
Proof.
  intros moves e0 e' L t. set (n := length e0). induction t; cbn [flat below]; intros H K; parts; try discriminate H.
  - exists 1, 1%nat. split; [lra|]. intros w d e1 W W1 N x. simpl. rewrite Rmult_0_r, Rabs_R0, Rmult_1_l, Rmult_1_l.
    pose proof (exp_pos (Rabs x)). repeat split; try lra.
    destruct (Req_dec (Rabs x) 0) as [->|Nx]. left; apply exp_pos. pose proof (Rabs_pos x). pose proof (exp_ineq1 (Rabs x) ltac:(lra)). lra.
    replace (x - x - 0) with 0 by ring. rewrite Rabs_R0. apply Rmult_le_pos. lra. apply Rmult_le_pos. pose proof (Rabs_pos d). lra. apply Rabs_pos.
  - apply Nat.ltb_lt in K.
    assert (Q : forall x, value (List.app e0 e') (tangent n moves (Par k)) x = if List.nth k moves false then List.nth k e' 0 else 0).
    { intros. simpl. destruct (List.nth k moves false); simpl; auto. rewrite List.app_nth2 by (unfold n; lia). f_equal. unfold n; lia. }
    exists (Rabs (List.nth k e0 0) + Rabs (List.nth k e' 0) + 1), O. pose proof (Rabs_pos (List.nth k e0 0)). pose proof (Rabs_pos (List.nth k e' 0)). split; [lra|].
    intros w d e1 W W1 N x. simpl INR. rewrite Rmult_0_l, exp_0, Rmult_1_r, Q. cbn [value]. destruct (N k) as [N1 N2].
    assert (Q' : (if List.nth k moves false then List.nth k e' 0 else 0) = List.nth k e' 0) by (destruct (List.nth k moves false); auto; symmetry; auto).
    rewrite Q'. assert (0 <= w * Rabs d) by (apply Rmult_le_pos; pose proof (Rabs_pos d); lra). repeat split; try lra.
    apply Rle_trans with (1 := N1). rewrite <- (Rmult_1_l (w * Rabs d)) at 1. apply Rmult_le_compat_r; lra.
  - apply (close_constant moves e0 e' (IZR z)).
  - apply (close_scale _ _ _ (fun e => value e t) _ (-1) _ _ (IHt H K)). intros; simpl; ring. intros. cbn [tangent]. rewrite multiplied_value. reflexivity.
  - apply (close_sum _ _ _ _ _ _ _ _ _ (IHt1 ltac:(auto) ltac:(auto)) (IHt2 ltac:(auto) ltac:(auto))). reflexivity. intros. cbn [tangent]. apply added_value.
  - apply (close_sum _ _ _ _ (fun e x => -1 * value e t2 x) _ (fun x => -1 * value (List.app e0 e') (tangent n moves t2) x) _ _ (IHt1 ltac:(auto) ltac:(auto))).
    apply (close_scale _ _ _ (fun e => value e t2) _ (-1) _ _ (IHt2 ltac:(auto) ltac:(auto))); intros; ring.
    intros; simpl; ring. intros. cbn [tangent]. rewrite subtracted_value. ring.
  - apply (close_product _ _ _ _ _ _ _ _ _ (IHt1 ltac:(auto) ltac:(auto)) (IHt2 ltac:(auto) ltac:(auto))). reflexivity. intros. cbn [tangent].
    rewrite added_value, !multiplied_value, (below_value n e0 e' (eq_refl n) t1), (below_value n e0 e' (eq_refl n) t2) by assumption. reflexivity.
  - destruct t2; try discriminate H. apply (close_scale _ _ _ (fun e => value e t1) _ (/ IZR z) _ _ (IHt1 H ltac:(auto))). intros; simpl; unfold Rdiv; ring.
    intros. cbn [tangent]. rewrite divided_value. simpl. unfold Rdiv. ring.
  - destruct n0 as [|m]. apply (close_constant moves e0 e' 1).
    destruct (close_power _ _ _ _ _ m (IHt H K)) as [c [k0 [C B]]]. exists c, k0. split; auto. intros w d e1 W W1 N x. specialize (B w d e1 W W1 N x).
    cbn [tangent]. rewrite !multiplied_value. cbn [value]. rewrite (below_value n e0 e' (eq_refl n) t) by assumption. rewrite <- INR_IZR_INZ. exact B.
  - match goal with Q : flat t = true |- _ => rename Q into Ft end. match goal with Q : bounded t = true |- _ => rename Q into Bt end.
    destruct (near_size moves e0 e') as [s Hs]. destruct (close_exp moves e0 e' (fun e => value e t) (value (List.app e0 e') (tangent n moves t)) (most s t)) with (2 := IHt Ft K) as [c [k0 [C B]]].
    { intros w d e1 W W1 N x. assert (N0 : near 0 0 moves e0 e0 e').
      { intros k. split. replace (List.nth k e0 0 - List.nth k e0 0 - 0 * List.nth k e' 0) with 0 by ring. rewrite Rabs_R0. lra. apply N. }
      split; (eapply Rle_trans; [apply Rle_abs|]; apply bounded_most; auto).
      apply (Hs 0 0 e0); auto. rewrite Rabs_R0. lra. lra. exact (Hs w d e1 W W1 N). }
    exists c, k0. split; auto. intros w d e1 W W1 N x. specialize (B w d e1 W W1 N x).
    cbn [tangent]. rewrite multiplied_value. cbn [value]. rewrite (below_value n e0 e' (eq_refl n) t) by assumption. exact B.
  - destruct (close_tanh _ _ _ _ _ (IHt H K)) as [c [k0 [C B]]]. exists c, k0. split; auto. intros w d e1 W W1 N x. specialize (B w d e1 W W1 N x).
    cbn [tangent]. rewrite multiplied_value. cbn [value]. rewrite (below_value n e0 e' (eq_refl n) t) by assumption. exact B.
Qed.
Theorem mean_derive : forall t us us' moves z, flat t = true -> below (length us) t = true -> length us' = length us ->
  (forall k, is_derive (List.nth k us (fun _ => 0)) z (List.nth k us' 0)) ->
  (forall k, List.nth k moves false = false -> List.nth k us' 0 = 0) ->
  is_derive (fun z => Mean (value (List.map (fun u => u z) us) t)) z
    (Mean (value (List.app (List.map (fun u => u z) us) us') (tangent (length us) moves t))).
Proof.
  intros t us us' moves z Fl Be L D Mv. set (e0 := List.map (fun u => u z) us).
  assert (Le : length e0 = length us) by apply List.map_length.
  destruct (tangent_close moves e0 us' ltac:(congruence) t Fl ltac:(now rewrite Le)) as [c [k [C B]]]. rewrite Le in B.
  set (f' := value (List.app e0 us') (tangent (length us) moves t)) in *.
  destruct (mean_dominated k) as [M [M0 Dm]].
  assert (Cf : forall e, forall x, continuous (value e t) x) by (intros; apply tame_continuous; now apply flat_tame).
  assert (Cf' : forall x, continuous f' x) by (intros; apply tame_continuous; now apply flat_tame, flat_tangent).
  assert (Nth : forall k0 y, List.nth k0 (List.map (fun u => u y) us) 0 = List.nth k0 us (fun _ => 0) y).
  { intros. exact (List.map_nth (fun u => u y) us (fun _ => 0) k0). }
  split. apply is_linear_scal_l. intros y Hy. assert (Q : z = y) by exact (@is_filter_lim_locally_unique R_AbsRing R_NormedModule z y Hy). rewrite <- Q in *. clear y Hy Q. intros eps.
  set (w := Rmin 1 (eps / (c * M + 1))). assert (P : 0 <= c * M) by now apply Rmult_le_pos.
  assert (W0 : 0 < w). { unfold w. apply Rmin_pos. lra. apply Rdiv_lt_0_compat. apply cond_pos. lra. }
  assert (W1 : w <= 1) by apply Rmin_l.
  assert (Nr : locally z (fun y => Rabs (y - z) < w /\ forall k0, Rabs (List.nth k0 us (fun _ => 0) y - List.nth k0 us (fun _ => 0) z - (y - z) * List.nth k0 us' 0) <= w * Rabs (y - z))).
  { apply filter_and. exists (mkposreal w W0). intros y Hy. exact Hy.
    assert (A : forall m, locally z (fun y => forall k0, (k0 < m)%nat -> Rabs (List.nth k0 us (fun _ => 0) y - List.nth k0 us (fun _ => 0) z - (y - z) * List.nth k0 us' 0) <= w * Rabs (y - z))).
    { induction m. apply filter_forall. intros; lia.
      destruct (D m) as [_ Dd]. specialize (Dd z ltac:(intros P0 [e He]; exists e; exact He) (mkposreal w W0)).
      generalize (filter_and _ _ IHm Dd). apply filter_imp. intros y [Y1 Y2] k0 Hk. destruct (Nat.eq_dec k0 m) as [->|Ne].
      - unfold norm, minus, plus, opp, scal in Y2; simpl in Y2. unfold mult, abs in Y2; simpl in Y2. unfold Rminus at 1 2. exact Y2.
      - apply Y1. lia. }
    generalize (A (length us)). apply filter_imp. intros y Y k0. destruct (lt_dec k0 (length us)) as [Lt|Ge]; auto.
    rewrite !List.nth_overflow by (rewrite ?L; lia). replace (0 - 0 - (y - z) * 0) with 0 by ring. rewrite Rabs_R0.
    apply Rmult_le_pos. lra. apply Rabs_pos. }
  generalize Nr. apply filter_imp. intros y [Y1 Y2]. set (e1 := List.map (fun u => u y) us).
  assert (F : follows c k w (y - z) (value e0 t) (value e1 t) f').
  { apply B; auto. lra. intros k0. unfold e0, e1. rewrite !Nth. split; auto. }
  assert (T0 : tempered c k (value e0 t)) by (split; auto; intros; apply F).
  assert (T' : tempered c k f') by (split; auto; intros; apply F).
  assert (T1 : tempered (c * (1 + (w * Rabs (y - z)) + Rabs (y - z))) k (value e1 t)).
  { split; auto. intros x. destruct (F x) as [F1 [F2 F3]]. set (E := c * exp (INR k * Rabs x)) in *.
    replace (value e1 t x) with (value e0 t x + (value e1 t x - value e0 t x - (y - z) * f' x) + (y - z) * f' x) by ring.
    apply Rle_trans with (1 := Rabs_triang _ _). pose proof (Rabs_triang (value e0 t x) (value e1 t x - value e0 t x - (y - z) * f' x)).
    rewrite (Rabs_mult (y - z)). assert (Rabs (y - z) * Rabs (f' x) <= Rabs (y - z) * E) by (apply Rmult_le_compat_l; auto using Rabs_pos).
    replace (c * (1 + w * Rabs (y - z) + Rabs (y - z)) * exp (INR k * Rabs x)) with (E + E * (w * Rabs (y - z)) + Rabs (y - z) * E) by (unfold E; ring). lra. }
  pose proof (tempered_mean _ _ _ T0) as H0. pose proof (tempered_mean _ _ _ T1) as H1. pose proof (tempered_mean _ _ _ T') as H'.
  destruct (mean_linear _ _ _ (y - z) H1 H0 H') as [_ Lin].
  assert (R1 : Rabs (Mean (fun x => value e1 t x - value e0 t x - (y - z) * f' x)) <= c * (w * Rabs (y - z)) * M).
  { assert (0 <= w * Rabs (y - z)) by (apply Rmult_le_pos; [lra | apply Rabs_pos]). apply Dm. now apply Rmult_le_pos. split.
    - intros. apply (continuous_minus (fun x => value e1 t x - value e0 t x) (fun x => (y - z) * f' x)).
      apply (continuous_minus (value e1 t) (value e0 t)); auto. apply (continuous_mult (fun _ => y - z) f'); auto. apply continuous_const.
    - intros. replace (c * (w * Rabs (y - z)) * exp (INR k * Rabs x)) with (c * exp (INR k * Rabs x) * (w * Rabs (y - z))) by ring. apply F. }
  rewrite Lin in R1. unfold norm, minus, plus, opp, scal; simpl. unfold mult, abs; simpl. fold e0 e1. fold f'.
  replace (Mean (value e1 t) + - Mean (value e0 t) + - ((y + - z) * Mean f')) with (Mean (value e1 t) - Mean (value e0 t) - (y - z) * Mean f') by ring.
  apply Rle_trans with (1 := R1). replace (c * (w * Rabs (y - z)) * M) with (c * M * w * Rabs (y - z)) by ring. fold (y - z).
  apply Rmult_le_compat_r. apply Rabs_pos. apply Rle_trans with ((c * M + 1) * w). apply Rmult_le_compat_r; lra.
  apply Rle_trans with ((c * M + 1) * (eps / (c * M + 1))). apply Rmult_le_compat_l. lra. apply Rmin_r. right. field. lra.
Qed.
(* --- enclosures of a mean whose parameters are intervals --- *)
Definition mean_over (p q : F.precision) (E E' : list I.type) (t : term) (d : nat) (D n : Z) : I.type :=
  match growth q E' t with
  | None => I.nai
  | Some (c, k) =>
    let ends := upto (Z.to_nat (2 * n)) (1 - n) in
    let R0 := ratio q n D in
    let s := I.sub q (over q R0 (I.fromZ q 2)) (I.fromZ q (Z.of_nat k)) in
    let tail := I.mul q (I.fromZ q 2) (over q (I.mul q c (I.exp q (I.mul q (I.neg s) R0))) s) in
    if Z.ltb 0 D && Z.eqb n (last_ (- n) ends) && Z.ltb (2 * Z.of_nat k * D) n
    then over p (I.add p (area p q E E' (Mul t bell_) d D (- n) ends) (I.mul q tail (unit_ q)))
      (I.sqrt p (I.mul p (I.fromZ p 2) (I.pi p)))
    else I.nai
  end.
Lemma mean_over_correct : forall p q E E' e t d D n, around E e -> around E' e -> tame true t = true ->
  holds (mean_over p q E E' t d D n) (Mean (value e t)).
Proof.
  intros p q E E' e t d D n HE HE' T. unfold mean_over. destruct (growth q E' t) as [[X k]|] eqn:G; [|apply holds_nai].
  set (ends := upto (Z.to_nat (2 * n)) (1 - n)).
  destruct (Z.ltb 0 D && Z.eqb n (last_ (- n) ends) && Z.ltb (2 * Z.of_nat k * D) n) eqn:K; [|apply holds_nai]. parts.
  match goal with Q : Z.ltb 0 D = true |- _ => apply Z.ltb_lt in Q; rename Q into TD end.
  match goal with Q : Z.eqb n _ = true |- _ => apply Z.eqb_eq in Q; rename Q into Tn end.
  match goal with Q : Z.ltb (2 * _ * D) _ = true |- _ => apply Z.ltb_lt in Q; rename Q into Tf end.
  destruct (growth_correct q _ e HE' t X k G) as [c [C1 [C2 C3]]].
  assert (PD : 0 < IZR D) by now apply IZR_lt. set (R0 := IZR n / IZR D).
  assert (Fr : 2 * INR k < R0).
  { unfold R0. apply Rmult_lt_reg_r with (IZR D); auto. replace (IZR n / IZR D * IZR D) with (IZR n) by (field; lra).
    rewrite INR_IZR_INZ, <- !mult_IZR. now apply IZR_lt. }
  destruct (whole_exists (value e t) c k R0 (tame_continuous e t T) C3 Fr) as [L [W B]].
  destruct (mean_is _ _ W) as [_ ->]. specialize (B R0 ltac:(lra)). apply holds_over.
  - replace L with (RInt (fun x => value e t x * bell x) (- R0) R0 + (L - RInt (fun x => value e t x * bell x) (- R0) R0)) by ring.
    apply holds_add.
    + replace (- R0) with (IZR (- n) / IZR D) by (unfold R0; rewrite opp_IZR; field; lra).
      replace R0 with (IZR (last_ (- n) ends) / IZR D) by (unfold R0; now rewrite <- Tn).
      apply (area_correct p q E E' e (Mul t bell_) d D HE HE' TD). simpl. now rewrite T.
    + apply holds_wide with (b := tails c k R0 R0); auto. unfold tails.
      assert (HR : holds (ratio q n D) R0) by apply ratio_correct.
      assert (HS : holds (I.sub q (over q (ratio q n D) (I.fromZ q 2)) (I.fromZ q (Z.of_nat k))) (R0 / 2 - INR k)).
      { rewrite INR_IZR_INZ. apply holds_sub; [|apply holds_Z]. apply holds_over; auto. apply holds_Z. }
      apply holds_mul; [apply holds_Z|]. apply holds_over; auto. apply holds_mul; auto. apply holds_exp, holds_mul; auto. now apply holds_neg.
  - apply holds_sqrt, holds_mul. apply holds_Z. apply holds_pi.
Qed.
(* The mean of what lies between two numbers lies there, as that of 1 is 1, at least nearly. *)
Lemma mean_of_one : 1 - 1 / 1048576 <= Mean (fun _ => 1) <= 1 + 1 / 1048576.
Proof.
  pose proof (mean_over_correct (F.PtoP 50) (F.PtoP 40) nil nil nil (Num 1) 16 1 9) as K.
  assert (N : around nil nil) by (intros k; destruct k; apply holds_nai). specialize (K N N eq_refl).
  change (value nil (Num 1)) with (fun _ : R => 1) in K. split.
  - assert (Q : 0 <= Mean (fun _ => 1) - IZR 1048575 / IZR 1048576); [|lra].
    refine (known_nonneg_correct (I.sub (F.PtoP 50) (mean_over (F.PtoP 50) (F.PtoP 40) nil nil (Num 1) 16 1 9) (ratio (F.PtoP 50) 1048575 1048576)) _ _ _).
    vm_compute. reflexivity. apply holds_sub; auto. apply ratio_correct.
  - assert (Q : 0 <= IZR 1048577 / IZR 1048576 - Mean (fun _ => 1)); [|lra].
    refine (known_nonneg_correct (I.sub (F.PtoP 50) (ratio (F.PtoP 50) 1048577 1048576) (mean_over (F.PtoP 50) (F.PtoP 40) nil nil (Num 1) 16 1 9)) _ _ _).
    vm_compute. reflexivity. apply holds_sub; auto. apply ratio_correct.
Qed.
Lemma mean_scaled : forall f a d, has_mean f -> has_mean (fun x => d * f x + a * 1) /\ Mean (fun x => d * f x + a * 1) = d * Mean f + a * Mean (fun _ => 1).
Proof.
  intros f a d H. assert (O1 : has_mean (fun _ => 1)).
  { apply (tempered_mean 1 0). split. intros; apply continuous_const. intros. simpl. rewrite Rmult_0_l, exp_0, Rabs_R1. lra. }
  assert (Z0 : has_mean (fun _ => 0)).
  { apply (tempered_mean 1 0). split. intros; apply continuous_const. intros. simpl. rewrite Rmult_0_l, exp_0, Rabs_R0. lra. }
  destruct (mean_linear _ _ _ 0 Z0 Z0 Z0) as [_ M0]. assert (E0 : Mean (fun _ => 0) = 0).
  { replace (fun _ : R => 0) with (fun x : R => 0 - 0 - 0 * 0) by (apply functional_extensionality; intros; ring). rewrite M0. ring. }
  destruct (mean_linear _ _ _ (- d) Z0 Z0 H) as [H1 E1]. destruct (mean_linear _ _ _ (- a) H1 Z0 O1) as [H2 E2].
  replace (fun x => d * f x + a * 1) with (fun x => 0 - 0 - - d * f x - 0 - - a * 1) by (apply functional_extensionality; intros; ring).
  split; auto. rewrite E2, E1, E0. ring.
Qed.
Lemma mean_nonneg : forall f, has_mean f -> (forall x, 0 <= f x) -> 0 <= Mean f.
Proof.
  intros f H P. pose proof sqrt_2pi as S.
  unfold has_mean, whole_integral in H. assert (Q : norm (Mean f * sqrt (2 * PI)) <= Mean f * sqrt (2 * PI)).
  { apply (RInt_gen_norm (fun x => f x * bell x) (fun x => f x * bell x) _ _ far_apart); auto.
    apply (everywhere (fun x => norm (f x * bell x) <= f x * bell x)). intros. unfold norm; simpl. unfold abs; simpl.
    rewrite Rabs_pos_eq. lra. apply Rmult_le_pos; auto. left; apply exp_pos. }
  unfold norm in Q; simpl in Q. unfold abs in Q; simpl in Q. pose proof (Rabs_pos (Mean f * sqrt (2 * PI))).
  apply Rmult_le_reg_r with (sqrt (2 * PI)); auto. lra.
Qed.
Definition one_ (p : F.precision) : I.type := I.join (ratio p 1048575 1048576) (ratio p 1048577 1048576).
Definition mean_at_once (p : F.precision) (E : list I.type) (t : term) : I.type :=
  match growth p E t with
  | None => I.nai | Some _ => if tame false t then I.mul p (at_once p E I.whole t) (one_ p) else I.nai
  end.
Lemma mean_at_once_correct : forall p E e t, around E e -> holds (mean_at_once p E t) (Mean (value e t)).
Proof.
  intros p E e t HE. unfold mean_at_once. destruct (growth p E t) as [[X k]|] eqn:G; [|apply holds_nai].
  destruct (tame false t) eqn:T; [|apply holds_nai].
  assert (V : forall x, holds (at_once p E I.whole t) (value e t x)). { intros. apply at_once_correct; auto. apply I.whole_correct. }
  assert (H : has_mean (value e t)).
  { destruct (growth_correct p E e HE t X k G) as [c [C1 [C2 C3]]]. apply (tempered_mean c k). split; auto.
    intros. apply (ex_derive_continuous (value e t)). eexists. apply (proj1 (smooth_derive _ (tame_smooth e t T))). }
  pose proof mean_of_one as O1. set (one := Mean (fun _ => 1)) in *. replace (Mean (value e t)) with (Mean (value e t) / one * one) by (field; lra).
  apply holds_mul. 2: { apply (holds_join _ _ (IZR 1048575 / IZR 1048576) (IZR 1048577 / IZR 1048576)). apply ratio_correct. apply ratio_correct. lra. }
  assert (L : forall l, (forall x, l <= value e t x) -> l <= Mean (value e t) / one).
  { intros l Hl. destruct (mean_scaled _ (- l) 1 H) as [M E1]. assert (P : 0 <= Mean (fun x => 1 * value e t x + - l * 1)).
    apply mean_nonneg; auto. intros. specialize (Hl x). lra. rewrite E1 in P. fold one in P.
    apply Rmult_le_reg_r with one. lra. replace (Mean (value e t) / one * one) with (Mean (value e t)) by (field; lra). lra. }
  assert (U : forall l, (forall x, value e t x <= l) -> Mean (value e t) / one <= l).
  { intros l Hl. destruct (mean_scaled _ l (-1) H) as [M E1]. assert (P : 0 <= Mean (fun x => -1 * value e t x + l * 1)).
    apply mean_nonneg; auto. intros. specialize (Hl x). lra. rewrite E1 in P. fold one in P.
    apply Rmult_le_reg_r with one. lra. replace (Mean (value e t) / one * one) with (Mean (value e t)) by (field; lra). lra. }
  unfold holds in *. destruct (I.convert (at_once p E I.whole t)) as [|l u]; [exact Logic.I|]. simpl in *. split.
  - destruct l as [|l]; auto. apply L. intros. apply (V x).
  - destruct u as [|u]; auto. apply U. intros. apply (V x).
Qed.
(* --- formulas in one variable with their derivatives; FP k is number k of a list --- *)
Inductive form :=
  | FX | FP (k : nat) | FN (z : Z) | FNeg (a : form) | FAdd (a b : form) | FSub (a b : form) | FMul (a b : form) | FDiv (a b : form)
  | FPow (a : form) (n : nat) | FExp (a : form) | FLn (a : form) | FSqrt (a : form) | FSin (a : form) | FCos (a : form) | FAtan (a : form)
  | FTanh (a : form) | FErf (a : form) | FMean (t : term) (us : list form).
Section Form_ind.
Variable P : form -> Prop.
Hypothesis (h0 : P FX) (h1 : forall k, P (FP k)) (h2 : forall z, P (FN z)) (h3 : forall a, P a -> P (FNeg a))
  (h4 : forall a, P a -> forall b, P b -> P (FAdd a b)) (h5 : forall a, P a -> forall b, P b -> P (FSub a b))
  (h6 : forall a, P a -> forall b, P b -> P (FMul a b)) (h7 : forall a, P a -> forall b, P b -> P (FDiv a b))
  (h8 : forall a, P a -> forall n, P (FPow a n)) (h9 : forall a, P a -> P (FExp a)) (h10 : forall a, P a -> P (FLn a))
  (h11 : forall a, P a -> P (FSqrt a)) (h12 : forall a, P a -> P (FSin a)) (h13 : forall a, P a -> P (FCos a))
  (h14 : forall a, P a -> P (FAtan a)) (h15 : forall a, P a -> P (FTanh a)) (h16 : forall a, P a -> P (FErf a))
  (h17 : forall t us, List.Forall P us -> P (FMean t us)).
Fixpoint form_all (f : form) : P f :=
  match f with
  | FX => h0 | FP k => h1 k | FN z => h2 z | FNeg a => h3 a (form_all a) | FAdd a b => h4 a (form_all a) b (form_all b)
  | FSub a b => h5 a (form_all a) b (form_all b) | FMul a b => h6 a (form_all a) b (form_all b) | FDiv a b => h7 a (form_all a) b (form_all b)
  | FPow a n => h8 a (form_all a) n | FExp a => h9 a (form_all a) | FLn a => h10 a (form_all a) | FSqrt a => h11 a (form_all a)
  | FSin a => h12 a (form_all a) | FCos a => h13 a (form_all a) | FAtan a => h14 a (form_all a) | FTanh a => h15 a (form_all a)
  | FErf a => h16 a (form_all a)
  | FMean t us => h17 t us ((fix all (l : list form) : List.Forall P l :=
      match l with nil => List.Forall_nil P | cons u l' => List.Forall_cons u (form_all u) (all l') end) us)
  end.
End Form_ind.
Fixpoint read_at (e : list R) (f : form) (z : R) : R :=
  match f with
  | FX => z | FP k => List.nth k e 0 | FN n => IZR n | FNeg a => - read_at e a z
  | FAdd a b => read_at e a z + read_at e b z | FSub a b => read_at e a z - read_at e b z
  | FMul a b => read_at e a z * read_at e b z | FDiv a b => read_at e a z / read_at e b z
  | FPow a n => read_at e a z ^ n | FExp a => exp (read_at e a z) | FLn a => ln (read_at e a z) | FSqrt a => sqrt (read_at e a z)
  | FSin a => sin (read_at e a z) | FCos a => cos (read_at e a z) | FAtan a => atan (read_at e a z)
  | FTanh a => tanh (read_at e a z) | FErf a => erf (read_at e a z)
  | FMean t us => Mean (value (List.map (fun u => read_at e u z) us) t)
  end.
Fixpoint moving (f : form) : bool :=
  match f with
  | FX => true | FP _ => false | FN _ => false | FMean _ _ => true | FNeg a => moving a | FPow a _ => moving a | FExp a => moving a
  | FLn a => moving a | FSqrt a => moving a | FSin a => moving a | FCos a => moving a | FAtan a => moving a | FTanh a => moving a | FErf a => moving a
  | FAdd a b => moving a || moving b | FSub a b => moving a || moving b | FMul a b => moving a || moving b | FDiv a b => moving a || moving b
  end.
Fixpoint rising (e : list R) (f : form) (z : R) : R :=
  match f with
  | FX => 1 | FP _ => 0 | FN _ => 0 | FNeg a => - rising e a z
  | FAdd a b => rising e a z + rising e b z | FSub a b => rising e a z - rising e b z
  | FMul a b => rising e a z * read_at e b z + read_at e a z * rising e b z
  | FDiv a b => (rising e a z - read_at e a z / read_at e b z * rising e b z) / read_at e b z
  | FPow a n => match n with O => 0 | S m => INR n * read_at e a z ^ m * rising e a z end
  | FExp a => exp (read_at e a z) * rising e a z | FLn a => rising e a z / read_at e a z
  | FSqrt a => rising e a z / (2 * sqrt (read_at e a z))
  | FSin a => cos (read_at e a z) * rising e a z | FCos a => - sin (read_at e a z) * rising e a z
  | FAtan a => rising e a z / (1 + read_at e a z ^ 2) | FTanh a => (1 - tanh (read_at e a z) ^ 2) * rising e a z
  | FErf a => 2 / sqrt PI * exp (- read_at e a z ^ 2) * rising e a z
  | FMean t us => Mean (value (List.app (List.map (fun u => read_at e u z) us) (List.map (fun u => rising e u z) us))
      (tangent (length us) (List.map moving us) t))
  end.
Lemma still : forall e z f, moving f = false -> rising e f z = 0.
Proof.
  intros e z. apply (form_all (fun f => moving f = false -> rising e f z = 0)); cbn [moving rising]; intros; try discriminate;
    repeat match goal with H : _ || _ = false |- _ => apply orb_false_iff in H; destruct H end; auto;
    repeat match goal with H : moving ?a = false -> _, K : moving ?a = false |- _ => rewrite (H K); clear H end; unfold Rdiv; try ring.
  destruct n; ring.
Qed.
(* Degree, panels to 1, panels on each side, of means; terms of the series of erf. Degree 0: a mean by the range of its function alone. *)
Definition effort := (nat * Z * Z * nat)%type.
Definition mean_of (p q : F.precision) (o : effort) (E E' : list I.type) (t : term) : I.type :=
  match o with (d, D, n, _) => match d with O => mean_at_once p E t | _ => mean_over p q E E' t d D n end end.
Lemma mean_of_correct : forall p q o E E' e t, around E e -> around E' e -> flat t = true -> holds (mean_of p q o E E' t) (Mean (value e t)).
Proof.
  intros p q [[[d D] n] m] E E' e t HE HE' T. unfold mean_of. destruct d. now apply mean_at_once_correct.
  apply mean_over_correct; auto. now apply flat_tame.
Qed.
Definition above (X : I.type) : bool := match I.sign_strict X with Xgt => true | _ => false end.
Definition under (X : I.type) : bool := match I.sign_strict X with Xlt => true | _ => false end.
Definition signed (X : I.type) : bool := above X || under X.
Lemma above_correct : forall X x, above X = true -> holds X x -> 0 < x.
Proof.
  intros X x H K. unfold above in H. pose proof (I.sign_strict_correct X) as S. destruct (I.sign_strict X); try discriminate H. now apply (S (Xreal x)).
Qed.
Lemma under_correct : forall X x, under X = true -> holds X x -> x < 0.
Proof.
  intros X x H K. unfold under in H. pose proof (I.sign_strict_correct X) as S. destruct (I.sign_strict X); try discriminate H. now apply (S (Xreal x)).
Qed.
Lemma signed_correct : forall X x, signed X = true -> holds X x -> x <> 0.
Proof.
  intros X x H K. apply orb_true_iff in H. destruct H as [H|H]. pose proof (above_correct _ _ H K). lra. pose proof (under_correct _ _ H K). lra.
Qed.
Definition both := (I.type * I.type)%type.
Fixpoint collected (l : list (option both)) : option (list I.type * list I.type) :=
  match l with
  | nil => Some (nil, nil)
  | cons (Some (v, d)) l' => match collected l' with Some (vs, ds) => Some (cons v vs, cons d ds) | None => None end
  | cons None _ => None
  end.
(* The derivatives of means are only worked out if they are asked for. *)
Section Ad.
Variables (slopes : bool) (p q : F.precision) (o : effort) (E : list I.type) (X : I.type).
Definition chained (x : option both) (ok : I.type -> bool) (f f' : I.type -> I.type) : option both :=
  match x with Some (v, d) => if ok v then Some (f v, I.mul p (f' v) d) else None | None => None end.
Definition paired (x y : option both) (ok : I.type -> bool) (f : both -> both -> both) : option both :=
  match x, y with Some a, Some b => if ok (fst b) then Some (f a b) else None | _, _ => None end.
Definition always (_ : I.type) : bool := true.
Definition one : I.type := I.fromZ p 1.
Fixpoint ad (f : form) : option both :=
  match f with
  | FX => Some (X, one) | FP k => Some (List.nth k E I.nai, I.zero) | FN z => Some (I.fromZ p z, I.zero)
  | FNeg a => chained (ad a) always I.neg (fun _ => I.fromZ p (-1))
  | FAdd a b => paired (ad a) (ad b) always (fun x y => (I.add p (fst x) (fst y), I.add p (snd x) (snd y)))
  | FSub a b => paired (ad a) (ad b) always (fun x y => (I.sub p (fst x) (fst y), I.sub p (snd x) (snd y)))
  | FMul a b => paired (ad a) (ad b) always (fun x y => (I.mul p (fst x) (fst y), I.add p (I.mul p (snd x) (fst y)) (I.mul p (fst x) (snd y))))
  | FDiv a b => paired (ad a) (ad b) signed (fun x y => let v := over p (fst x) (fst y) in (v, over p (I.sub p (snd x) (I.mul p v (snd y))) (fst y)))
  | FPow a n => chained (ad a) always (fun v => raised p v n) (fun v => match n with O => I.zero | S m => I.mul p (I.fromZ p (Z.of_nat n)) (raised p v m) end)
  | FExp a => chained (ad a) always (I.exp p) (I.exp p)
  | FLn a => chained (ad a) above (I.ln p) (over p one)
  | FSqrt a => chained (ad a) above (I.sqrt p) (fun v => over p one (I.mul p (I.fromZ p 2) (I.sqrt p v)))
  | FSin a => chained (ad a) always (I.sin p) (I.cos p)
  | FCos a => chained (ad a) always (I.cos p) (fun v => I.neg (I.sin p v))
  | FAtan a => chained (ad a) always (I.atan p) (fun v => over p one (I.add p one (square p v)))
  | FTanh a => chained (ad a) always (tanh_ p) (fun v => I.sub p one (square p (tanh_ p v)))
  | FErf a => chained (ad a) always (erf_ p (snd o)) (bell2 p)
  | FMean t us =>
    if flat t && below (length us) t then
      match collected (List.map ad us) with
      | None => None
      | Some (vs, ds) => Some (mean_of p q o vs vs t,
        if slopes then mean_of p q o (List.app vs ds) (List.app vs ds) (tangent (length us) (List.map moving us) t) else I.nai)
      end
    else None
  end.
Variable e : list R.
Hypothesis HE : around E e.
Definition good (f : form) : Prop := forall V D, ad f = Some (V, D) -> forall z, holds X z ->
  holds V (read_at e f z) /\ is_derive (read_at e f) z (rising e f z) /\ holds D (rising e f z).
Lemma good_chain : forall a f (g g' : R -> R) ok F F', good a -> ad f = chained (ad a) ok F F' ->
  (forall z, read_at e f z = g (read_at e a z)) -> (forall z, rising e f z = g' (read_at e a z) * rising e a z) ->
  (forall v x, ok v = true -> holds v x -> holds (F v) (g x) /\ holds (F' v) (g' x) /\ is_derive g x (g' x)) -> good f.
Proof.
  intros a f g g' ok F F' A Ef Ev Er K V D H z Hz. rewrite Ef in H. unfold chained in H. destruct (ad a) as [[v d]|] eqn:Ea; try discriminate H.
  destruct (ok v) eqn:O; try discriminate H. injection H as <- <-. destruct (A v d Ea z Hz) as [A1 [A2 A3]].
  destruct (K v _ O A1) as [K1 [K2 K3]]. rewrite Ev, Er. split; [exact K1|]. split.
  - apply (is_derive_ext (fun z => g (read_at e a z))). intros; symmetry; apply Ev. rewrite Rmult_comm.
    apply (is_derive_comp g (read_at e a)); auto.
  - now apply holds_mul.
Qed.
Lemma good_pair : forall a b f ok F, good a -> good b -> ad f = paired (ad a) (ad b) ok F ->
  (forall x y z, ad a = Some x -> ad b = Some y -> ok (fst y) = true -> holds X z -> 
     holds (fst x) (read_at e a z) -> holds (snd x) (rising e a z) -> holds (fst y) (read_at e b z) -> holds (snd y) (rising e b z) ->
     is_derive (read_at e a) z (rising e a z) -> is_derive (read_at e b) z (rising e b z) ->
     holds (fst (F x y)) (read_at e f z) /\ is_derive (read_at e f) z (rising e f z) /\ holds (snd (F x y)) (rising e f z)) -> good f.
Proof.
  intros a b f ok F A B Ef K V D H z Hz. rewrite Ef in H. unfold paired in H. destruct (ad a) as [[v d]|] eqn:Ea; try discriminate H.
  destruct (ad b) as [[w c]|] eqn:Eb; try discriminate H. destruct (ok (fst (w, c))) eqn:O; try discriminate H. injection H as H.
  destruct (A v d Ea z Hz) as [A1 [A2 A3]], (B w c Eb z Hz) as [B1 [B2 B3]].
  pose proof (K (v, d) (w, c) z eq_refl eq_refl O Hz A1 A3 B1 B3 A2 B2) as [K1 [K2 K3]]. rewrite H in K1, K3. simpl in K1, K3. auto.
Qed.
Lemma collected_correct : forall us vs ds, List.Forall good us -> collected (List.map ad us) = Some (vs, ds) -> forall z, holds X z ->
  around vs (List.map (fun u => read_at e u z) us) /\ around ds (List.map (fun u => rising e u z) us) /\ length vs = length us /\
  (forall k, is_derive (List.nth k (List.map (fun u => read_at e u) us) (fun _ => 0)) z (List.nth k (List.map (fun u => rising e u z) us) 0)).
Proof.
  induction us as [|u us]; intros vs ds G C z Hz; cbn [List.map collected] in C.
  - injection C as <- <-. split; [|split; [|split]]; auto. intros k; destruct k; apply holds_nai. intros k; destruct k; apply holds_nai.
    intros k; destruct k; apply (is_derive_const 0).
  - destruct (ad u) as [[v d]|] eqn:Eu; try discriminate C. destruct (collected (List.map ad us)) as [[vs' ds']|] eqn:Ec; try discriminate C.
    injection C as <- <-. inversion G as [|? ? G1 G2]. destruct (IHus vs' ds' G2 eq_refl z Hz) as [I1 [I2 [I3 I4]]].
    destruct (G1 v d Eu z Hz) as [U1 [U2 U3]]. split; [|split; [|split]].
    + intros [|k]; simpl; [exact U1 | apply I1].
    + intros [|k]; simpl; [exact U3 | apply I2].
    + simpl. congruence.
    + intros [|k]; simpl; [exact U2 | apply I4].
Qed.
Lemma around_app : forall A B a b, length A = length a -> around A a -> around B b -> around (List.app A B) (List.app a b).
Proof.
  intros A B a b L HA HB k. destruct (lt_dec k (length A)).
  - rewrite !List.app_nth1 by (rewrite <- ?L; auto). apply HA.
  - rewrite !List.app_nth2 by (rewrite <- ?L; lia). rewrite <- L. apply HB.
Qed.
Theorem ad_correct : forall f, good f.
Proof.
  assert (H1 : holds one 1) by apply holds_Z.
  apply form_all.
  - intros V D H z Hz. injection H as <- <-. split; auto. split. apply (is_derive_id z). apply holds_Z.
  - intros k V D H z Hz. injection H as <- <-. split. apply HE. split. apply (is_derive_const (List.nth k e 0)). apply holds_0.
  - intros n V D H z Hz. injection H as <- <-. split. apply holds_Z. split. apply (is_derive_const (IZR n)). apply holds_0.
  - intros a A. apply (good_chain a (FNeg a) Ropp (fun _ => -1) always I.neg (fun _ => I.fromZ p (-1))); auto. intros; simpl; ring.
    intros. split. now apply holds_neg. split. apply holds_Z. auto_derive; auto; ring.
  - intros a A b B. refine (good_pair a b (FAdd a b) _ _ A B eq_refl _). intros. simpl. split. now apply holds_add. split.
    now apply (is_derive_plus (read_at e a) (read_at e b)). now apply holds_add.
  - intros a A b B. refine (good_pair a b (FSub a b) _ _ A B eq_refl _). intros. simpl. split. now apply holds_sub. split.
    now apply (is_derive_minus (read_at e a) (read_at e b)). now apply holds_sub.
  - intros a A b B. refine (good_pair a b (FMul a b) _ _ A B eq_refl _). intros. simpl. split. now apply holds_mul. split.
    apply (is_derive_mult (read_at e a) (read_at e b)); auto. intros; apply Rmult_comm. apply holds_add; now apply holds_mul.
  - intros a A b B. refine (good_pair a b (FDiv a b) _ _ A B eq_refl _). intros x y z _ _ O Hz X1 X2 Y1 Y2 D1 D2. pose proof (signed_correct _ _ O Y1) as N. simpl.
    split. now apply holds_over. split.
    replace ((rising e a z - read_at e a z / read_at e b z * rising e b z) / read_at e b z) with
      ((rising e a z * read_at e b z - read_at e a z * rising e b z) / read_at e b z ^ 2) by (field; auto).
    now apply (is_derive_div (read_at e a) (read_at e b)). apply holds_over; auto. apply holds_sub; auto. apply holds_mul; auto. now apply holds_over.
  - intros a A n. refine (good_chain a (FPow a n) (fun x => x ^ n) (fun x => match n with O => 0 | S m => INR n * x ^ m end) _ _ _ A eq_refl _ _ _); auto.
    intros; simpl; destruct n; ring. intros v x _ Hx. split. now apply raised_correct. destruct n as [|m]. split. apply holds_0. apply (is_derive_const 1).
    split. rewrite INR_IZR_INZ. apply holds_mul. apply holds_Z. now apply raised_correct.
    replace (INR (S m) * x ^ m) with (INR (S m) * 1 * x ^ pred (S m)) by (cbn [pred]; ring). apply (is_derive_pow (fun x => x)). apply (is_derive_id x).
  - intros a A. refine (good_chain a (FExp a) exp exp _ _ _ A eq_refl _ _ _); auto. intros. split. now apply holds_exp. split. now apply holds_exp. apply is_derive_exp.
  - intros a A. refine (good_chain a (FLn a) ln (fun x => 1 / x) _ _ _ A eq_refl _ _ _); auto. intros; simpl; unfold Rdiv; ring.
    intros v x O Hx. pose proof (above_correct _ _ O Hx) as P. split.
    { pose proof (I.ln_correct p _ _ Hx) as L. unfold holds. simpl in L. unfold Xln' in L. rewrite is_positive_true in L by auto. exact L. }
    split. now apply holds_over. replace (1 / x) with (/ x) by (field; lra). now apply is_derive_ln.
  - intros a A. refine (good_chain a (FSqrt a) sqrt (fun x => 1 / (2 * sqrt x)) _ _ _ A eq_refl _ _ _); auto. intros; simpl; unfold Rdiv; ring.
    intros v x O Hx. pose proof (above_correct _ _ O Hx) as P. split. now apply holds_sqrt. split. apply holds_over; auto. apply holds_mul. apply holds_Z. now apply holds_sqrt.
    pose proof (sqrt_lt_R0 x P). auto_derive; auto.
  - intros a A. refine (good_chain a (FSin a) sin cos _ _ _ A eq_refl _ _ _); auto. intros v x _ Hx. split. exact (I.sin_correct p _ _ Hx). split. exact (I.cos_correct p _ _ Hx). apply is_derive_sin.
  - intros a A. refine (good_chain a (FCos a) cos (fun x => - sin x) _ _ _ A eq_refl _ _ _); auto. intros v x _ Hx. split. exact (I.cos_correct p _ _ Hx). split. apply holds_neg. exact (I.sin_correct p _ _ Hx). apply is_derive_cos.
  - intros a A. refine (good_chain a (FAtan a) atan (fun x => 1 / (1 + x ^ 2)) _ _ _ A eq_refl _ _ _); auto. intros; simpl; unfold Rdiv; ring.
    intros v x _ Hx. split. exact (I.atan_correct p _ _ Hx). split. apply holds_over; auto. apply holds_add; auto. now apply holds_square.
    replace (1 / (1 + x ^ 2)) with (/ (1 + Rsqr x)) by (rewrite Rsqr_pow2; unfold Rdiv; ring). apply is_derive_atan.
  - intros a A. refine (good_chain a (FTanh a) tanh (fun x => 1 - tanh x ^ 2) _ _ _ A eq_refl _ _ _); auto. intros v x _ Hx. split. now apply holds_tanh. split.
    apply holds_sub; auto. now apply holds_square, holds_tanh. apply is_derive_tanh.
  - intros a A. refine (good_chain a (FErf a) erf (fun x => 2 / sqrt PI * exp (- x ^ 2)) _ _ _ A eq_refl _ _ _); auto. intros v x _ Hx. split. now apply holds_erf. split.
    now apply holds_bell2. apply is_derive_erf.
  - intros t us G V D H z Hz. cbn [ad] in H. destruct (flat t && below (length us) t) eqn:K; try discriminate H. parts.
    destruct (collected (List.map ad us)) as [[vs ds]|] eqn:Ec; try discriminate H. injection H as <- <-.
    destruct (collected_correct us vs ds G Ec z Hz) as [I1 [I2 [I3 I4]]]. cbn [read_at rising].
    assert (Lm : length vs = length (List.map (fun u => read_at e u z) us)) by now rewrite List.map_length.
    split. now apply mean_of_correct. split.
    + pose proof (mean_derive t (List.map (fun u => read_at e u) us) (List.map (fun u => rising e u z) us) (List.map moving us) z) as M.
      rewrite !List.map_length in M. specialize (M ltac:(auto) ltac:(auto) eq_refl I4). rewrite List.map_map in M.
      apply (is_derive_ext (fun z => Mean (value (List.map (fun u => u z) (List.map (fun u => read_at e u) us)) t))).
      intros; now rewrite List.map_map. apply M. intros k Hk.
      destruct (lt_dec k (length us)) as [Lt|Ge]. 2: now rewrite List.nth_overflow by (rewrite List.map_length; lia).
      rewrite (List.nth_indep _ 0 (rising e (FN 0) z)) by now rewrite List.map_length. rewrite (List.map_nth (fun u => rising e u z)).
      rewrite (List.nth_indep _ false (moving (FN 0))) in Hk by now rewrite List.map_length. rewrite (List.map_nth moving) in Hk.
      now apply still.
    + destruct slopes; [|apply holds_nai]. apply mean_of_correct; auto using around_app. now apply flat_tangent.
Qed.
End Ad.
(* --- counts of zeros --- *)
Definition zeros_between (a b : R) (f : R -> R) (n : nat) : Prop :=
  exists l, List.NoDup l /\ length l = n /\ forall z, List.In z l <-> (a <= z <= b /\ f z = 0).
Definition zeros_from (a : R) (f : R -> R) (n : nat) : Prop :=
  exists l, List.NoDup l /\ length l = n /\ forall z, List.In z l <-> (a <= z /\ f z = 0).
Lemma no_zero : forall a b f, (forall z, a <= z <= b -> f z <> 0) -> zeros_between a b f 0.
Proof.
  intros a b f H. exists nil. split. constructor. split; auto. intros z; split. intros []. intros [Z F]. exact (H z Z F).
Qed.
Lemma apart : forall (l k : list R), List.NoDup l -> List.NoDup k -> (forall z, List.In z l -> ~ List.In z k) -> List.NoDup (List.app l k).
Proof.
  induction l as [|x l]; intros k L K H; simpl; auto. inversion L as [|? ? L1 L2]. constructor.
  - intros I. apply List.in_app_or in I. destruct I; auto. apply (H x); simpl; auto.
  - apply IHl; auto. intros z Z. apply H. simpl; auto.
Qed.
Lemma zeros_joined : forall a m b f n k, a <= m <= b -> f m <> 0 -> zeros_between a m f n -> zeros_between m b f k -> zeros_between a b f (n + k).
Proof.
  intros a m b f n k H N [l [L1 [L2 L3]]] [s [S1 [S2 S3]]]. exists (List.app l s). split.
  - apply apart; auto. intros z Z1 Z2. apply L3 in Z1. apply S3 in Z2. apply N. replace m with z by lra. apply Z1.
  - split. rewrite List.app_length; lia. intros z. rewrite List.in_app_iff, L3, S3. split.
    + intros [[Z F]|[Z F]]; split; auto; lra.
    + intros [Z F]. destruct (Rle_dec z m). left; split; auto; lra. right; split; auto; lra.
Qed.
Lemma zeros_far : forall a b f n, a <= b -> f b <> 0 -> zeros_between a b f n -> (forall z, b <= z -> f z <> 0) -> zeros_from a f n.
Proof.
  intros a b f n H N [l [L1 [L2 L3]]] F. exists l. split; auto. split; auto. intros z. rewrite L3. split.
  intros [Z Q]; split; auto; lra. intros [Z Q]. split; auto. split; auto. destruct (Rle_dec z b); auto. exfalso. apply (F z); auto; lra.
Qed.
Section Monotone.
Variables (f g : R -> R) (a b s : R).
Hypothesis derives : forall z, a <= z <= b -> is_derive f z (g z).
Hypothesis rises : forall z, a <= z <= b -> 0 < s * g z.
Lemma strictly : forall z w, a <= z -> z < w -> w <= b -> s * f z < s * f w.
Proof.
  intros z w Z L W. destruct (MVT_gen f z w g) as [c [C E]].
  - rewrite Rmin_left, Rmax_right by lra. intros; apply derives; lra.
  - rewrite Rmin_left, Rmax_right by lra. intros. apply continuity_pt_filterlim. apply (ex_derive_continuous f). exists (g x). apply derives; lra.
  - rewrite Rmin_left, Rmax_right in C by lra. assert (0 < s * g c * (w - z)). { apply Rmult_lt_0_compat; [apply rises|]; lra. }
    replace (s * f w) with (s * f z + s * (f w - f z)) by ring. rewrite E. lra.
Qed.
Lemma none_if_positive : 0 < s * f a -> zeros_between a b f 0.
Proof.
  intros P. apply no_zero. intros z Z F. destruct (Req_dec a z) as [->|N]. rewrite F in P; lra.
  pose proof (strictly a z ltac:(lra) ltac:(lra) ltac:(lra)) as K. rewrite F in K. lra.
Qed.
Lemma none_if_negative : s * f b < 0 -> zeros_between a b f 0.
Proof.
  intros P. apply no_zero. intros z Z F. destruct (Req_dec z b) as [->|N]. rewrite F in P; lra.
  pose proof (strictly z b ltac:(lra) ltac:(lra) ltac:(lra)) as K. rewrite F in K. lra.
Qed.
Lemma one_if_both : a <= b -> s * f a < 0 -> 0 < s * f b -> zeros_between a b f 1.
Proof.
  intros ab A B. assert (L : a < b). { destruct (Req_dec a b) as [<-|N]; lra. }
  destruct (Ranalysis5.IVT_interv (fun z => s * f z) a b) as [z [Z F]]; auto.
  - intros z Z. apply continuity_pt_filterlim. apply (ex_derive_continuous (fun z => s * f z)). exists (s * g z). apply is_derive_scal. now apply derives.
  - assert (S0 : s <> 0) by (intros ->; lra). assert (Fz : f z = 0) by (apply Rmult_eq_reg_l with s; auto; lra).
    exists (cons z nil). split. constructor; auto. constructor. split; auto. intros w. split.
    + intros [<-|[]]. auto.
    + intros [W Fw]. left. destruct (Rtotal_order z w) as [K|[K|K]]; auto.
      pose proof (strictly z w ltac:(lra) K ltac:(lra)) as Q. rewrite Fz, Fw in Q. lra.
      pose proof (strictly w z ltac:(lra) K ltac:(lra)) as Q. rewrite Fz, Fw in Q. lra.
Qed.
End Monotone.
Definition place := (Z * Z)%type.
Definition end_ (p : F.precision) (a : place) : I.type := ratio p (fst a) (snd a).
Definition real_ (a : place) : R := IZR (fst a) / IZR (snd a).
Lemma holds_end : forall p a, holds (end_ p a) (real_ a).
Proof. intros. apply ratio_correct. Qed.
(* Whether the formula rises or falls, or has no zero, up to a place; work on the piece and at its ends. *)
Definition piece := (bool * place * effort * effort)%type.
Definition side (p q : F.precision) (o : effort) (E : list I.type) (f : form) (a : place) : option bool :=
  match ad false p q o E (end_ p a) f with
  | Some (V, _) => if above V then Some true else if under V then Some false else None | None => None end.
Lemma side_correct : forall p q o E e f a s, around E e -> side p q o E f a = Some s -> if s then 0 < read_at e f (real_ a) else read_at e f (real_ a) < 0.
Proof.
  intros p q o E e f a s HE H. unfold side in H. destruct (ad false p q o E (end_ p a) f) as [[V D]|] eqn:Ea; try discriminate H.
  destruct (ad_correct false p q o E (end_ p a) e HE f V D Ea (real_ a) (holds_end p a)) as [K _].
  destruct (above V) eqn:A. injection H as <-. now apply (above_correct V). destruct (under V) eqn:U; try discriminate H. injection H as <-. now apply (under_correct V).
Qed.
Definition from_middle (p q : F.precision) (o : effort) (E : list I.type) (f : form) (X D : I.type) : I.type :=
  let M := I.singleton (I.midpoint X) in
  match ad false p q o E M f with Some (V, _) => I.add p V (I.mul p D (I.sub p X M)) | None => I.nai end.
Definition without (p q : F.precision) (o : effort) (E : list I.type) (f : form) (X : I.type) : bool :=
  match ad true p q o E X f with Some (V, D) => if signed V then true else signed (from_middle p q o E f X D) | None => false end.
Lemma without_correct : forall p q o E e f X, around E e -> without p q o E f X = true -> forall z, holds X z -> read_at e f z <> 0.
Proof.
  intros p q o E e f X HE H z Hz. unfold without in H. destruct (ad true p q o E X f) as [[V D]|] eqn:Ea; try discriminate H.
  pose proof (ad_correct true p q o E X e HE f V D Ea) as K. destruct (K z Hz) as [K1 [K2 K3]].
  destruct (signed V) eqn:S. now apply (signed_correct V). apply (signed_correct _ _ H). unfold from_middle.
  set (m := proj_val (I.convert_bound (I.midpoint X))).
  assert (Hm : holds (I.singleton (I.midpoint X)) m) by exact (I.singleton_correct (I.midpoint X)).
  assert (HX : holds X m).
  { destruct (I.midpoint_correct X) as [Eq Q]. exists z. exact Hz. unfold holds, m. change I.convert_bound with I.F.toX. rewrite <- Eq. exact Q. }
  destruct (ad false p q o E (I.singleton (I.midpoint X)) f) as [[W D']|] eqn:Em; [|apply holds_nai].
  destruct (ad_correct false p q o E _ e HE f W D' Em m Hm) as [M1 _].
  assert (In : forall c, Rmin m z <= c <= Rmax m z -> holds X c).
  { intros c C. apply (holds_between X (Rmin m z) (Rmax m z)); auto. unfold Rmin; destruct Rle_dec; auto. unfold Rmax; destruct Rle_dec; auto. }
  destruct (MVT_gen (read_at e f) m z (rising e f)) as [c [C Eq]].
  - intros. apply K. apply In. lra.
  - intros. apply continuity_pt_filterlim. apply (ex_derive_continuous (read_at e f)). eexists. apply K. apply In. lra.
  - replace (read_at e f z) with (read_at e f m + (read_at e f z - read_at e f m)) by ring. rewrite Eq. apply holds_add; auto.
    apply holds_mul. apply K. now apply In. now apply holds_sub.
Qed.
(* The count, and the sign at the right end if it is known; `before` is that at the left end. *)
Definition on_piece (p q : F.precision) (E : list I.type) (f : form) (a : place) (before : option bool) (x : piece) : option (nat * option bool) :=
  match x with (monotone, b, o, o') =>
    let X := I.join (end_ p a) (end_ p b) in
    if known_nonneg (I.sub p (end_ p b) (end_ p a)) then
      if monotone then
        match match before with None => side p q o' E f a | _ => before end, side p q o' E f b, ad true p q o E X f with
        | Some s, Some t, Some (_, D) => if signed D then Some (if Bool.eqb s t then 0 else 1, Some t)%nat else None
        | _, _, _ => None end
      else if without p q o E f X then Some (O, None) else None
    else None end.
Definition has_sign (x : option bool) (y : R) : Prop := match x with Some true => 0 < y | Some false => y < 0 | None => True end.
Lemma on_piece_correct : forall p q E e f a before m b o o' n r, around E e -> has_sign before (read_at e f (real_ a)) ->
  on_piece p q E f a before (m, b, o, o') = Some (n, r) ->
  real_ a <= real_ b /\ read_at e f (real_ a) <> 0 /\ read_at e f (real_ b) <> 0 /\ zeros_between (real_ a) (real_ b) (read_at e f) n /\
  has_sign r (read_at e f (real_ b)).
Proof.
  intros p q E e f a before m b o o' n r HE Hl H. unfold on_piece in H.
  destruct (known_nonneg (I.sub p (end_ p b) (end_ p a))) eqn:L; try discriminate H.
  assert (AB : real_ a <= real_ b).
  { pose proof (known_nonneg_correct _ (real_ b - real_ a) L ltac:(apply holds_sub; apply holds_end)). lra. }
  split; auto.
  assert (In : forall z, real_ a <= z <= real_ b -> holds (I.join (end_ p a) (end_ p b)) z).
  { intros. apply (holds_join _ _ (real_ a) (real_ b)); auto; apply holds_end. }
  destruct m.
  - destruct (match before with None => side p q o' E f a | _ => before end) as [s|] eqn:Sa; try discriminate H.
    destruct (side p q o' E f b) as [t|] eqn:Sb; try discriminate H.
    assert (Ha : if s then 0 < read_at e f (real_ a) else read_at e f (real_ a) < 0).
    { destruct before as [x|]. injection Sa as <-. destruct x; exact Hl. exact (side_correct p q o' E e f a s HE Sa). }
    pose proof (side_correct p q o' E e f b t HE Sb) as Hb.
    destruct (ad true p q o E (I.join (end_ p a) (end_ p b)) f) as [[V D]|] eqn:Ea; try discriminate H.
    destruct (signed D) eqn:S; try discriminate H. injection H as <- <-. pose proof (ad_correct true p q o E _ e HE f V D Ea) as K.
    split. destruct s; lra. split. destruct t; lra. split; [|now destruct t].
    assert (De : forall z, real_ a <= z <= real_ b -> is_derive (read_at e f) z (rising e f z)) by (intros; apply K; auto).
    apply orb_true_iff in S. destruct S as [S|S].
    + assert (Ri : forall z, real_ a <= z <= real_ b -> 0 < 1 * rising e f z).
      { intros. rewrite Rmult_1_l. apply (above_correct D); auto. apply K; auto. }
      destruct s, t; cbn [Bool.eqb].
      * apply (none_if_positive _ _ _ _ 1 De Ri). lra.
      * exfalso. destruct (Req_dec (real_ a) (real_ b)) as [Q|Q]. rewrite Q in Ha; lra.
        pose proof (strictly _ _ _ _ 1 De Ri (real_ a) (real_ b) ltac:(lra) ltac:(lra) ltac:(lra)). lra.
      * apply (one_if_both _ _ _ _ 1 De Ri); lra.
      * apply (none_if_negative _ _ _ _ 1 De Ri). lra.
    + assert (Ri : forall z, real_ a <= z <= real_ b -> 0 < -1 * rising e f z).
      { intros. assert (rising e f z < 0); [|lra]. apply (under_correct D); auto. apply K; auto. }
      destruct s, t; cbn [Bool.eqb].
      * apply (none_if_negative _ _ _ _ (-1) De Ri). lra.
      * apply (one_if_both _ _ _ _ (-1) De Ri); lra.
      * exfalso. destruct (Req_dec (real_ a) (real_ b)) as [Q|Q]. rewrite Q in Ha; lra.
        pose proof (strictly _ _ _ _ (-1) De Ri (real_ a) (real_ b) ltac:(lra) ltac:(lra) ltac:(lra)). lra.
      * apply (none_if_positive _ _ _ _ (-1) De Ri). lra.
  - destruct (without p q o E f (I.join (end_ p a) (end_ p b))) eqn:W; try discriminate H. injection H as <- <-.
    pose proof (without_correct p q o E e f _ HE W) as N. split. apply N, In; lra. split. apply N, In; lra. split; [|exact Logic.I].
    apply no_zero. auto.
Qed.
Fixpoint counted (p q : F.precision) (E : list I.type) (f : form) (a : place) (before : option bool) (ps : list piece) : option (nat * place) :=
  match ps with
  | nil => Some (O, a)
  | cons x rest =>
    match on_piece p q E f a before x with
    | Some (n, r) => match counted p q E f (snd (fst (fst x))) r rest with Some (k, b) => Some (n + k, b)%nat | None => None end
    | None => None end
  end.
Lemma counted_correct : forall p q E e f, around E e -> forall ps a before n b, ps <> nil -> has_sign before (read_at e f (real_ a)) ->
  counted p q E f a before ps = Some (n, b) ->
  real_ a <= real_ b /\ read_at e f (real_ a) <> 0 /\ read_at e f (real_ b) <> 0 /\ zeros_between (real_ a) (real_ b) (read_at e f) n.
Proof.
  intros p q E e f HE. induction ps as [|[[[m c] o] o'] ps]; intros a before n b N Hl H. congruence. cbn [counted fst snd] in H.
  destruct (on_piece p q E f a before (m, c, o, o')) as [[k r]|] eqn:P; try discriminate H.
  destruct (counted p q E f c r ps) as [[k' b']|] eqn:C; try discriminate H. injection H as <- <-.
  destruct (on_piece_correct p q E e f a before m c o o' k r HE Hl P) as [P1 [P2 [P3 [P4 P5]]]].
  destruct ps as [|x ps].
  - injection C as <- <-. rewrite Nat.add_0_r. auto.
  - destruct (IHps c r k' b' ltac:(discriminate) P5 C) as [C1 [C2 [C3 C4]]]. split; [lra|]. split; auto. split; auto.
    apply (zeros_joined _ (real_ c)); auto.
Qed.
Definition count_check (p q : F.precision) (l : list box) (f : form) (a : place) (ps : list piece) (b : place) (n : nat) : bool :=
  match ps with nil => false | _ =>
    match counted p q (boxes p l) f a None ps with
    | Some (k, c) => Nat.eqb k n && Z.eqb (fst b) (fst c) && Z.eqb (snd b) (snd c) | None => false end end.
Theorem count_zeros : forall p q l f a ps b n, count_check p q l f a ps b n = true -> forall e x y, List.Forall2 boxed l e ->
  x = real_ a -> y = real_ b -> zeros_between x y (read_at e f) n.
Proof.
  intros p q l f a ps b n H e x y L -> ->. unfold count_check in H. destruct ps as [|s ps]; try discriminate H.
  destruct (counted p q (boxes p l) f a None (cons s ps)) as [[k c]|] eqn:C; try discriminate H. parts.
  apply Nat.eqb_eq in H. repeat match goal with Q : Z.eqb _ _ = true |- _ => apply Z.eqb_eq in Q end.
  assert (Q : b = c) by (destruct b, c; simpl in *; congruence). rewrite Q, <- H.
  apply (counted_correct p q (boxes p l) e f (boxes_correct p l e L) (cons s ps) a None k c); auto. discriminate. exact Logic.I.
Qed.
(* Beyond the last place there is no zero. *)
Definition far_check (p q : F.precision) (l : list box) (f : form) (b : place) (o : effort) : bool :=
  without p q o (boxes p l) f (I.upper_extent (end_ p b)).
Theorem count_zeros_from : forall p q l f a ps b n o, count_check p q l f a ps b n && far_check p q l f b o = true -> forall e x, List.Forall2 boxed l e ->
  x = real_ a -> zeros_from x (read_at e f) n.
Proof.
  intros p q l f a ps b n o H e x L ->. apply andb_true_iff in H. destruct H as [H Fa]. unfold count_check in H. destruct ps as [|s ps]; try discriminate H.
  destruct (counted p q (boxes p l) f a None (cons s ps)) as [[k c]|] eqn:C; try discriminate H. parts.
  apply Nat.eqb_eq in H. repeat match goal with Q : Z.eqb _ _ = true |- _ => apply Z.eqb_eq in Q end.
  assert (Q : b = c) by (destruct b, c; simpl in *; congruence). rewrite <- Q in C. rewrite <- H.
  destruct (counted_correct p q (boxes p l) e f (boxes_correct p l e L) (cons s ps) a None k b ltac:(discriminate) Logic.I C) as [P1 [P2 [P3 P4]]].
  apply (zeros_far _ (real_ b)); auto. intros z Hz. apply (without_correct p q o (boxes p l) e f _ (boxes_correct p l e L) Fa).
  apply (I.upper_extent_correct _ z (real_ b)); auto. apply holds_end.
Qed.
(* The means of flat terms exist. *)
Lemma flat_mean : forall e t, flat t = true -> below (length e) t = true -> has_mean (value e t).
Proof.
  intros e t F B. set (e' := List.map (fun _ : R => 0) e).
  assert (N0 : forall k, List.nth k e' 0 = 0).
  { unfold e'. clear. induction e; intros [|k]; simpl; auto. }
  destruct (tangent_close (List.map (fun _ => false) e) e e' ltac:(unfold e'; now rewrite List.map_length) t F B) as [c [k [C H]]].
  apply (tempered_mean c k). split. intros; apply tame_continuous; now apply flat_tame.
  intros x. apply (H 0 0 e); try (rewrite ?Rabs_R0; lra). intros i. split; auto. rewrite N0.
  replace (List.nth i e 0 - List.nth i e 0 - 0 * 0) with 0 by ring. rewrite Rabs_R0. lra.
Qed.
End Counts.
Import Counts.
