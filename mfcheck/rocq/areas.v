Require Import ZArith Bool Lia FunctionalExtensionality.
Require List.
From Interval Require Import Specific_bigint Specific_ops Float_full Xreal Interval.
Module F := SpecificFloat BigIntRadix2.
Module I := FloatIntervalFull F.
Opaque I.fromZ I.add I.sub I.mul I.div I.neg I.abs I.exp I.join I.sign_large I.nai I.zero I.convert.

(* --- intervals --- *)
Definition holds (X : I.type) (x : R) : Prop := contains (I.convert X) (Xreal x).
Lemma holds_nai : forall x, holds I.nai x.
Proof. intros. unfold holds. rewrite I.nai_correct. exact Logic.I. Qed.
Lemma holds_Z : forall p z, holds (I.fromZ p z) (IZR z).
Proof. intros. apply I.fromZ_correct. Qed.
Lemma holds_0 : holds I.zero 0.
Proof. unfold holds. rewrite I.zero_correct. simpl. lra. Qed.
Lemma holds_add : forall p X Y x y, holds X x -> holds Y y -> holds (I.add p X Y) (x + y).
Proof. intros. exact (I.add_correct p _ _ _ _ H H0). Qed.
Lemma holds_sub : forall p X Y x y, holds X x -> holds Y y -> holds (I.sub p X Y) (x - y).
Proof. intros. exact (I.sub_correct p _ _ _ _ H H0). Qed.
Lemma holds_mul : forall p X Y x y, holds X x -> holds Y y -> holds (I.mul p X Y) (x * y).
Proof. intros. exact (I.mul_correct p _ _ _ _ H H0). Qed.
Lemma holds_neg : forall X x, holds X x -> holds (I.neg X) (- x).
Proof. intros. exact (I.neg_correct _ _ H). Qed.
Lemma holds_abs : forall X x, holds X x -> holds (I.abs X) (Rabs x).
Proof. intros. exact (I.abs_correct _ _ H). Qed.
Lemma holds_exp : forall p X x, holds X x -> holds (I.exp p X) (exp x).
Proof. intros. exact (I.exp_correct p _ _ H). Qed.
Lemma holds_div : forall p X Y x y, holds X x -> holds Y y -> holds (I.div p X Y) (x / y).
Proof.
  intros. pose proof (I.div_correct p _ _ _ _ H H0) as K. unfold holds. simpl in K. unfold Xdiv' in K.
  destruct (is_zero y); [|exact K]. destruct (I.convert (I.div p X Y)); simpl in *; tauto.
Qed.
Lemma holds_between : forall X a b x, holds X a -> holds X b -> a <= x <= b -> holds X x.
Proof. intros. exact (contains_connected _ a b H H0 x H1). Qed.
Lemma holds_join : forall X Y a b x, holds X a -> holds Y b -> a <= x <= b -> holds (I.join X Y) x.
Proof.
  intros. apply holds_between with a b; auto; apply I.join_correct; auto.
Qed.
Definition known_nonneg (X : I.type) : bool := match I.sign_large X with Xgt | Xeq => true | _ => false end.
Lemma known_nonneg_correct : forall X x, known_nonneg X = true -> holds X x -> 0 <= x.
Proof.
  intros X x. unfold known_nonneg. pose proof (I.sign_large_correct X) as K. destruct (I.sign_large X); intros H Hx; try discriminate.
  - specialize (K _ Hx). injection K. intros ->. lra.
  - now apply (K (Xreal x)).
Qed.

Definition over (p : F.precision) (X Y : I.type) : I.type := I.div p X Y.
Lemma holds_over : forall p X Y x y, holds X x -> holds Y y -> holds (over p X Y) (x / y).
Proof. exact holds_div. Qed.

(* --- lists of intervals, each around a coefficient --- *)
Definition at_ (l : list I.type) (k : nat) : I.type := List.nth k l I.nai.
Fixpoint dot (p : F.precision) (a b : list I.type) {struct b} : I.type :=
  match b with
  | nil => I.zero
  | cons y b' => match a with nil => I.nai | cons x a' => I.add p (I.mul p x y) (dot p a' b') end
  end.
Lemma dot_correct : forall p b a (c d : nat -> R), (forall k, holds (at_ a k) (c k)) ->
  (forall i, (i < length b)%nat -> holds (at_ b i) (d i)) -> holds (dot p a b) (total (length b) (fun i => c i * d i)).
Proof.
  induction b as [|y b]; intros a c d A B; simpl. exact holds_0.
  destruct a as [|x a]. apply holds_nai. apply holds_add.
  - apply holds_mul. exact (A O). exact (B O ltac:(simpl; lia)).
  - apply (IHb a (fun i => c (S i)) (fun i => d (S i))). intros k. exact (A (S k)).
    intros i Hi. exact (B (S i) ltac:(simpl; lia)).
Qed.
Fixpoint products (p : F.precision) (a b past : list I.type) : list I.type :=
  match b with
  | nil => nil
  | cons y b' => cons (dot p a (cons y past)) (products p a b' (cons y past))
  end.
Lemma products_correct : forall p a (c d : nat -> R), (forall k, holds (at_ a k) (c k)) ->
  forall b past, (forall i, holds (at_ b i) (d (length past + i)%nat)) ->
  (forall i, (i < length past)%nat -> holds (at_ past i) (d (length past - 1 - i)%nat)) ->
  forall j, holds (at_ (products p a b past) j) (conv c d (length past + j)).
Proof.
  intros p a c d A. induction b as [|y b]; intros past B P j.
  - destruct j; apply holds_nai.
  - assert (P' : forall i, (i < length (cons y past))%nat -> holds (at_ (cons y past) i) (d (length past - i)%nat)).
    { intros [|i] Hi; simpl in Hi. specialize (B O). rewrite Nat.add_0_r in B. rewrite Nat.sub_0_r. exact B.
      replace (length past - S i)%nat with (length past - 1 - i)%nat by lia. apply P. lia. }
    destruct j as [|j]; simpl.
    + rewrite Nat.add_0_r. exact (dot_correct p (cons y past) a c (fun i => d (length past - i)%nat) A P').
    + replace (length past + S j)%nat with (length (cons y past) + j)%nat by (simpl; lia). apply IHb.
      * intros i. specialize (B (S i)). simpl. replace (S (length past + i)) with (length past + S i)%nat by lia. exact B.
      * intros i Hi. simpl length. replace (S (length past) - 1 - i)%nat with (length past - i)%nat by lia. now apply P'.
Qed.
Fixpoint pointwise (op : I.type -> I.type -> I.type) (a b : list I.type) : list I.type :=
  match a, b with cons x a', cons y b' => cons (op x y) (pointwise op a' b') | _, _ => nil end.
Lemma pointwise_correct : forall op o, (forall X Y x y, holds X x -> holds Y y -> holds (op X Y) (o x y)) ->
  forall a b (c d : nat -> R), (forall k, holds (at_ a k) (c k)) -> (forall k, holds (at_ b k) (d k)) ->
  forall k, holds (at_ (pointwise op a b) k) (o (c k) (d k)).
Proof.
  intros op o Op. induction a as [|x a]; intros b c d A B k; [destruct k; apply holds_nai|].
  destruct b as [|y b]; [destruct k; apply holds_nai|]. destruct k as [|k]; simpl.
  - apply Op. exact (A O%nat). exact (B O%nat).
  - apply (IHa b (fun k => c (S k)) (fun k => d (S k))). intros i. exact (A (S i)). intros i. exact (B (S i)).
Qed.
Lemma map_correct : forall op o, (forall X x, holds X x -> holds (op X) (o x)) -> forall a (c : nat -> R),
  (forall k, holds (at_ a k) (c k)) -> forall k, holds (at_ (List.map op a) k) (o (c k)).
Proof.
  intros op o Op. induction a as [|x a]; intros c A k; [destruct k; apply holds_nai|].
  destruct k as [|k]; simpl. apply Op. exact (A O%nat). apply (IHa (fun k => c (S k))). intros i. exact (A (S i)).
Qed.
Fixpoint numbered (p : F.precision) (k : Z) (l : list I.type) : list I.type :=
  match l with nil => nil | cons x l' => cons (I.mul p (I.fromZ p k) x) (numbered p (k + 1) l') end.
Lemma numbered_correct : forall p l k (c : nat -> R), (forall i, holds (at_ l i) (c i)) ->
  forall i, holds (at_ (numbered p (Z.of_nat k) l) i) (INR (k + i) * c i).
Proof.
  induction l as [|x l]; intros k c H i; [destruct i; apply holds_nai|]. destruct i as [|i]; simpl.
  - rewrite Nat.add_0_r, INR_IZR_INZ. apply holds_mul. apply holds_Z. exact (H O).
  - replace (Z.of_nat k + 1)%Z with (Z.of_nat (S k)) by lia. replace (k + S i)%nat with (S k + i)%nat by lia.
    apply (IHl (S k) (fun i => c (S i))). intros j. exact (H (S j)).
Qed.
(* y' = a' (s + q y + r y^2): more coefficients of y, from those known, the last one first, and from those of s + q y + r y^2 *)
Definition times (p : F.precision) (z : Z) (X : I.type) : I.type :=
  if Z.eqb z 0 then I.zero else if Z.eqb z 1 then X else I.mul p (I.fromZ p z) X.
Lemma times_correct : forall p z X x, holds X x -> holds (times p z X) (IZR z * x).
Proof.
  intros. unfold times. destruct (Z.eqb_spec z 0). subst; rewrite Rmult_0_l; apply holds_0.
  destruct (Z.eqb_spec z 1). subst; now rewrite Rmult_1_l. apply holds_mul; auto. apply holds_Z.
Qed.
Fixpoint flow (p : F.precision) (q r : Z) (slopes : list I.type) (n : nat) (k : Z) (ys qs : list I.type) : list I.type :=
  match n with
  | O => nil
  | S n' =>
    let y := over p (dot p slopes qs) (I.fromZ p k) in
    let ys' := cons y ys in
    let c : I.type := I.add p (times p q y) (if Z.eqb r 0 then I.zero else times p r (dot p (List.rev ys') ys')) in
    cons y (flow p q r slopes n' (k + 1) ys' (cons c qs))
  end.
Lemma flow_correct : forall p s q r slopes (A Y Q : nat -> R), (forall k, holds (at_ slopes k) (A k)) ->
  (forall k, INR (S k) * Y (S k) = conv A Q k) ->
  (forall k, Q k = match k with O => IZR s | _ => 0 end + (IZR q * Y k + IZR r * conv Y Y k)) ->
  forall n k ys qs, length ys = S k -> length qs = S k ->
  (forall i, (i <= k)%nat -> holds (at_ ys i) (Y (k - i)%nat)) -> (forall i, (i <= k)%nat -> holds (at_ qs i) (Q (k - i)%nat)) ->
  forall j, holds (at_ (flow p q r slopes n (Z.of_nat (S k)) ys qs) j) (Y (S k + j)%nat).
Proof.
  intros p s q r slopes A Y Q HA HY HQ. induction n as [|n]; intros k ys qs Ly Lq Hy Hq j; [destruct j; apply holds_nai|].
  assert (N : holds (over p (dot p slopes qs) (I.fromZ p (Z.of_nat (S k)))) (Y (S k))).
  { replace (Y (S k)) with (conv A Q k / IZR (Z.of_nat (S k))).
    - apply holds_over; [|apply holds_Z]. unfold conv. rewrite <- Lq. apply (dot_correct p qs slopes A (fun i => Q (k - i)%nat) HA).
      intros. apply Hq. lia.
    - rewrite <- HY, INR_IZR_INZ. field. apply not_0_IZR. lia. }
  cbn [flow]. set (y := over p (dot p slopes qs) (I.fromZ p (Z.of_nat (S k)))) in *.
  destruct j as [|j]; [rewrite Nat.add_0_r; exact N|]. 
  assert (Hy' : forall i, (i <= S k)%nat -> holds (at_ (cons y ys) i) (Y (S k - i)%nat)).
  { intros [|i] Hi. exact N. replace (S k - S i)%nat with (k - i)%nat by lia. apply Hy. lia. }
  replace (Z.of_nat (S k) + 1)%Z with (Z.of_nat (S (S k))) by lia. replace (S k + S j)%nat with (S (S k) + j)%nat by lia.
  change (at_ (cons y (flow p q r slopes n (Z.of_nat (S (S k))) (cons y ys) (cons (I.add p (times p q y)
    (if Z.eqb r 0 then I.zero else times p r (dot p (List.rev (cons y ys)) (cons y ys)))) qs))) (S j)) with
    (at_ (flow p q r slopes n (Z.of_nat (S (S k))) (cons y ys) (cons (I.add p (times p q y)
    (if Z.eqb r 0 then I.zero else times p r (dot p (List.rev (cons y ys)) (cons y ys)))) qs)) j).
  apply IHn; auto. simpl; congruence. simpl; congruence.
  intros [|i] Hi.
  - rewrite HQ, Rplus_0_l, Nat.sub_0_r. apply holds_add. now apply times_correct.
    destruct (Z.eqb_spec r 0). subst; rewrite Rmult_0_l; apply holds_0. apply times_correct.
    assert (Ly' : length (cons y ys) = S (S k)) by (cbn [length]; now rewrite Ly).
    unfold conv. rewrite <- Ly'.
    apply (dot_correct p (cons y ys) (List.rev (cons y ys)) Y (fun i => Y (S k - i)%nat)).
    + intros i. destruct (lt_dec i (length (cons y ys))) as [L|L].
      * assert (G : forall m, m = S (S k) -> (i < m)%nat -> Y (S k - (m - S i))%nat = Y i) by (intros; f_equal; lia).
        unfold at_. rewrite List.rev_nth by auto. rewrite <- (G _ Ly' L). apply Hy'. rewrite Ly'. lia.
      * unfold at_. rewrite List.nth_overflow. apply holds_nai. rewrite List.rev_length. apply not_lt in L. exact L.
    + intros i Hj. apply Hy'. rewrite Ly' in Hj. lia.
  - replace (S k - S i)%nat with (k - i)%nat by lia. apply Hq. lia.
Qed.
Definition flowing (p : F.precision) (s q r : Z) (a : list I.type) (y : I.type) (n : nat) : list I.type :=
  match a with
  | nil => nil
  | cons _ a' => let c : I.type := I.add p (I.fromZ p s) (I.add p (times p q y) (times p r (I.mul p y y))) in
      cons y (flow p q r (numbered p 1 a') n 1 (cons y nil) (cons c nil))
  end.
Lemma flowing_correct : forall p s q r f y, Smooth f -> (forall x, is_derive y x (Derive f x * quadratic s q r (y x))) ->
  forall a Y n x, (forall k, holds (at_ a k) (coef f k x)) -> holds Y (y x) ->
  forall k, holds (at_ (flowing p s q r a Y n) k) (coef y k x).
Proof.
  intros p s q r f y F D a Y n x A HY k. pose proof (smooth_flow _ _ _ _ _ F D) as S.
  destruct a as [|a0 a]; [destruct k; apply holds_nai|]. unfold flowing.
  assert (Y0 : holds Y (coef y 0 x)) by now rewrite coef_0.
  destruct k as [|k]; [exact Y0|].
  apply (flow_correct p s q r _ (fun i => INR (1 + i) * coef f (1 + i) x) (fun i => coef y i x)
    (fun i => coef (fun x => quadratic s q r (y x)) i x)) with (k := O); auto.
  - intros i. apply (numbered_correct p a 1 (fun i => coef f (1 + i) x)). intros j. exact (A (Datatypes.S j)).
  - intros i. exact (coef_flow s q r f y F D i x).
  - intros i. now apply coef_quadratic.
  - intros i Hi. replace i with O by lia. exact Y0.
  - intros i Hi. replace i with O by lia. rewrite coef_0. unfold quadratic. apply holds_add. apply holds_Z.
    apply holds_add; apply times_correct; auto. now apply holds_mul.
Qed.
(* --- formulas in one variable; `Par k` is number k of a list --- *)
Inductive term :=
  | Var | Par (k : nat) | Num (z : Z) | Neg (a : term) | Add (a b : term) | Sub (a b : term) | Mul (a b : term)
  | Div (a b : term) | Pow (a : term) (n : nat) | Exp (a : term) | Tanh (a : term) | Max (a b : term) | Min (a b : term).
Fixpoint value (e : list R) (t : term) (x : R) : R :=
  match t with
  | Var => x | Par k => List.nth k e 0 | Num z => IZR z | Neg a => - value e a x
  | Add a b => value e a x + value e b x | Sub a b => value e a x - value e b x
  | Mul a b => value e a x * value e b x | Div a b => value e a x / value e b x
  | Pow a n => value e a x ^ n | Exp a => exp (value e a x) | Tanh a => tanh (value e a x)
  | Max a b => Rmax (value e a x) (value e b x) | Min a b => Rmin (value e a x) (value e b x)
  end.
(* What is above zero everywhere by its form, what does not vary, what is smooth on the whole line, what is continuous. *)
Fixpoint nonneg (t : term) : bool :=
  match t with
  | Num z => Z.leb 0 z | Exp _ => true | Pow _ n => Nat.even n
  | Add a b => nonneg a && nonneg b | Mul a b => nonneg a && nonneg b | _ => false
  end.
Fixpoint positive_ (t : term) : bool :=
  match t with
  | Num z => Z.ltb 0 z | Exp _ => true | Pow a _ => positive_ a
  | Add a b => positive_ a && nonneg b || nonneg a && positive_ b | Mul a b => positive_ a && positive_ b | _ => false
  end.
Fixpoint fixed (t : term) : bool :=
  match t with
  | Var => false | Par _ => true | Num _ => true | Neg a => fixed a | Pow a _ => fixed a | Exp a => fixed a | Tanh a => fixed a
  | Add a b => fixed a && fixed b | Sub a b => fixed a && fixed b | Mul a b => fixed a && fixed b
  | Div a b => fixed a && fixed b | Max a b => fixed a && fixed b | Min a b => fixed a && fixed b
  end.
Fixpoint tame (corners : bool) (t : term) : bool :=
  match t with
  | Var => true | Par _ => true | Num _ => true | Neg a => tame corners a | Pow a _ => tame corners a
  | Exp a => tame corners a | Tanh a => tame corners a
  | Add a b => tame corners a && tame corners b | Sub a b => tame corners a && tame corners b
  | Mul a b => tame corners a && tame corners b
  | Div a b => tame corners a && tame corners b && (fixed b || positive_ b)
  | Max a b => corners && tame corners a && tame corners b | Min a b => corners && tame corners a && tame corners b
  end.
Ltac parts := repeat match goal with
  | H : _ && _ = true |- _ => apply andb_true_iff in H; destruct H end.

Lemma nonneg_correct : forall e t x, nonneg t = true -> 0 <= value e t x.
Proof.
  induction t; simpl; intros x H; try discriminate; parts.
  - apply IZR_le. now apply Z.leb_le.
  - apply Rplus_le_le_0_compat; auto.
  - apply Rmult_le_pos; auto.
  - apply Nat.even_spec in H. destruct H as [m ->]. replace (2 * m)%nat with (m * 2)%nat by lia. rewrite pow_mult.
    simpl. rewrite Rmult_1_r. apply Rle_0_sqr.
  - left. apply exp_pos.
Qed.
Lemma positive_correct : forall e t x, positive_ t = true -> 0 < value e t x.
Proof.
  induction t; simpl; intros x H; try discriminate.
  - apply IZR_lt. now apply Z.ltb_lt.
  - apply orb_true_iff in H. destruct H; parts.
    apply Rplus_lt_le_0_compat; auto. now apply nonneg_correct. apply Rplus_le_lt_0_compat; auto. now apply nonneg_correct.
  - parts. apply Rmult_lt_0_compat; auto.
  - apply pow_lt; auto.
  - apply exp_pos.
Qed.
Lemma fixed_correct : forall e t x y, fixed t = true -> value e t x = value e t y.
Proof. induction t; simpl; intros; parts; try discriminate; try reflexivity; f_equal; auto. Qed.

Lemma smooth_neg : forall f, Smooth f -> Smooth (fun x => - f x).
Proof. intros f F n. apply smooth_ext with (f := fun x => -1 * f x). intros; lra. apply smooth_mult; auto using smooth_const. Qed.
Lemma smooth_sub : forall f g, Smooth f -> Smooth g -> Smooth (fun x => f x - g x).
Proof. intros f g F G n. apply (smooth_plus n f (fun x => - g x)); auto. now apply smooth_neg. Qed.
Lemma smooth_pow : forall n f, Smooth f -> Smooth (fun x => f x ^ n).
Proof. induction n; intros f F m; simpl. apply smooth_const. apply smooth_mult; auto. now apply IHn. Qed.
Lemma derive_exp : forall f, Smooth f -> forall x, is_derive (fun x => exp (f x)) x (Derive f x * quadratic 0 1 0 (exp (f x))).
Proof.
  intros. replace (Derive f x * quadratic 0 1 0 (exp (f x))) with (Derive f x * exp (f x)) by (unfold quadratic; lra).
  apply (is_derive_comp exp f). apply is_derive_exp. now apply smooth_derive.
Qed.
Lemma is_derive_tanh : forall x, is_derive tanh x (1 - tanh x ^ 2).
Proof.
  intros. apply (is_derive_ext (fun x => 1 - 2 / (exp (2 * x) + 1))). intros; symmetry; apply tanh_exp.
  rewrite tanh_exp. pose proof (exp_pos (2 * x)). auto_derive. lra. field. lra.
Qed.
Lemma derive_tanh : forall f, Smooth f -> forall x, is_derive (fun x => tanh (f x)) x (Derive f x * quadratic 1 0 (-1) (tanh (f x))).
Proof.
  intros. replace (quadratic 1 0 (-1) (tanh (f x))) with (1 - tanh (f x) ^ 2) by (unfold quadratic; ring).
  apply (is_derive_comp tanh f). 2: now apply smooth_derive. apply is_derive_tanh.
Qed.
Lemma derive_inv : forall f, Smooth f -> (forall x, f x <> 0) -> forall x,
  is_derive (fun x => / f x) x (Derive f x * quadratic 0 0 (-1) (/ f x)).
Proof.
  intros f F N x. replace (Derive f x * quadratic 0 0 (-1) (/ f x)) with (- Derive f x / (f x) ^ 2) by (unfold quadratic; field; auto).
  apply is_derive_inv; auto. now apply smooth_derive.
Qed.
Lemma tame_smooth : forall e t, tame false t = true -> Smooth (value e t).
Proof.
  induction t; simpl; intros H; parts; try discriminate.
  - intros n. apply smooth_id.
  - intros n. apply smooth_const.
  - intros n. apply smooth_const.
  - now apply smooth_neg, IHt.
  - intros n. apply smooth_plus. now apply IHt1. now apply IHt2.
  - apply smooth_sub; auto.
  - intros n. apply smooth_mult. now apply IHt1. now apply IHt2.
  - intros n. apply (smooth_mult n (value e t1) (fun x => / value e t2 x)). now apply IHt1.
    apply orb_true_iff in H0. destruct H0 as [H0|H0].
    + apply smooth_ext with (f := fun _ => / value e t2 0). intros; f_equal; now apply fixed_correct. apply smooth_const.
    + apply (smooth_flow 0 0 (-1) (value e t2)); auto. apply derive_inv; auto.
      intros. apply Rgt_not_eq. now apply positive_correct.
  - now apply smooth_pow, IHt.
  - apply (smooth_flow 0 1 0 (value e t)); auto. now apply derive_exp, IHt.
  - apply (smooth_flow 1 0 (-1) (value e t)); auto. now apply derive_tanh, IHt.
Qed.
Lemma tame_continuous : forall e t, tame true t = true -> forall x, continuous (value e t) x.
Proof.
  induction t; simpl; intros H x; parts; try discriminate.
  - apply continuous_id.
  - apply continuous_const.
  - apply continuous_const.
  - apply (continuous_opp (value e t)); auto.
  - apply (continuous_plus (value e t1) (value e t2)); auto.
  - apply (continuous_minus (value e t1) (value e t2)); auto.
  - apply (continuous_mult (value e t1) (value e t2)); auto.
  - apply (continuous_mult (value e t1) (fun x => / value e t2 x)); auto.
    apply orb_true_iff in H0. destruct H0 as [H0|H0].
    + apply (continuous_ext (fun _ => / value e t2 0)). intros; f_equal; now apply fixed_correct. apply continuous_const.
    + apply (continuous_comp (value e t2) Rinv); auto. apply continuous_Rinv. apply Rgt_not_eq. now apply positive_correct.
  - induction n; simpl. apply continuous_const. apply (continuous_mult (value e t) (fun x => value e t x ^ n)); auto.
  - apply (continuous_comp (value e t) exp); auto. apply continuous_exp.
  - apply (continuous_comp (value e t) tanh); auto. apply (ex_derive_continuous tanh).
    exists (1 - tanh (value e t x) ^ 2). apply is_derive_tanh.
  - apply (continuous_ext (fun x => (value e t1 x + value e t2 x + Rabs (value e t1 x - value e t2 x)) / 2)).
    intros; symmetry; apply rmax_abs. apply (continuous_mult (fun x => value e t1 x + value e t2 x + Rabs (value e t1 x - value e t2 x)) (fun _ => / 2)).
    2: apply continuous_const. apply (continuous_plus (fun x => value e t1 x + value e t2 x)).
    apply (continuous_plus (value e t1)); auto. apply (continuous_comp (fun x => value e t1 x - value e t2 x) Rabs).
    apply (continuous_minus (value e t1)); auto. apply continuous_Rabs.
  - apply (continuous_ext (fun x => (value e t1 x + value e t2 x - Rabs (value e t1 x - value e t2 x)) / 2)).
    intros; symmetry; apply rmin_abs. apply (continuous_mult (fun x => value e t1 x + value e t2 x - Rabs (value e t1 x - value e t2 x)) (fun _ => / 2)).
    2: apply continuous_const. apply (continuous_minus (fun x => value e t1 x + value e t2 x)).
    apply (continuous_plus (value e t1)); auto. apply (continuous_comp (fun x => value e t1 x - value e t2 x) Rabs).
    apply (continuous_minus (value e t1)); auto. apply continuous_Rabs.
Qed.

(* Taylor coefficients of a formula at all points of an interval. *)
Definition tanh_ (p : F.precision) (X : I.type) : I.type :=
  I.sub p (I.fromZ p 1) (I.div p (I.fromZ p 2) (I.add p (I.exp p (I.mul p (I.fromZ p 2) X)) (I.fromZ p 1))).
Lemma holds_tanh : forall p X x, holds X x -> holds (tanh_ p X) (tanh x).
Proof.
  intros. rewrite tanh_exp. apply holds_sub. apply holds_Z. apply holds_div. apply holds_Z.
  apply holds_add; [|apply holds_Z]. apply holds_exp, holds_mul; auto. apply holds_Z.
Qed.
Definition constant_ (X : I.type) (n : nat) : list I.type := cons X (List.repeat I.zero n).
Lemma constant_correct : forall X c n, holds X c -> forall k x, holds (at_ (constant_ X n) k) (coef (fun _ => c) k x).
Proof.
  intros. rewrite coef_const. destruct k; auto. unfold constant_, at_. simpl. revert k.
  induction n; intros [|k]; simpl; try apply holds_nai. apply holds_0. apply IHn.
Qed.
Fixpoint power (p : F.precision) (a : list I.type) (n m : nat) : list I.type :=
  match n with
  | O => constant_ (I.fromZ p 1) m | S O => a | S n' => products p a (power p a n' m) nil
  end.
Definition start (a : list I.type) : I.type := at_ a 0.
Fixpoint coefs (p : F.precision) (E : list I.type) (X : I.type) (t : term) (n : nat) : list I.type :=
  match t with
  | Var => cons X (constant_ (I.fromZ p 1) n)
  | Par k => constant_ (List.nth k E I.nai) n
  | Num z => constant_ (I.fromZ p z) n
  | Neg a => List.map I.neg (coefs p E X a n)
  | Add a b => pointwise (I.add p) (coefs p E X a n) (coefs p E X b n)
  | Sub a b => pointwise (I.sub p) (coefs p E X a n) (coefs p E X b n)
  | Mul a b => products p (coefs p E X a n) (coefs p E X b n) nil
  | Div a b =>
    if fixed b then let y := start (coefs p E X b 0) in List.map (fun x => over p x y) (coefs p E X a n)
    else let cb := coefs p E X b n in
      products p (coefs p E X a n) (flowing p 0 0 (-1) cb (over p (I.fromZ p 1) (start cb)) n) nil
  | Pow a m => power p (coefs p E X a n) m n
  | Exp a => let ca := coefs p E X a n in flowing p 0 1 0 ca (I.exp p (start ca)) n
  | Tanh a => let ca := coefs p E X a n in flowing p 1 0 (-1) ca (tanh_ p (start ca)) n
  | Max _ _ => nil | Min _ _ => nil
  end.
Definition around (E : list I.type) (e : list R) : Prop := forall k, holds (List.nth k E I.nai) (List.nth k e 0).
Lemma products_all : forall p a b (f g : R -> R) x, Smooth f -> Smooth g -> (forall k, holds (at_ a k) (coef f k x)) ->
  (forall k, holds (at_ b k) (coef g k x)) -> forall k, holds (at_ (products p a b nil) k) (coef (fun x => f x * g x) k x).
Proof.
  intros. rewrite coef_mult by auto.
  apply (products_correct p a (fun i => coef f i x) (fun i => coef g i x) H1 b nil H2). simpl; intros; lia.
Qed.
Lemma power_correct : forall p a (f : R -> R) x, Smooth f -> (forall k, holds (at_ a k) (coef f k x)) ->
  forall n m k, holds (at_ (power p a n m) k) (coef (fun x => f x ^ n) k x).
Proof.
  intros p a f x F A n m. induction n as [|n]; intros k; simpl.
  - apply constant_correct. apply holds_Z.
  - destruct n as [|n].
    + replace (fun x => f x * f x ^ 0) with f; auto. apply functional_extensionality. intros; simpl; ring.
    + apply products_all; auto. now apply smooth_pow.
Qed.
Lemma coefs_correct : forall p E e X x, around E e -> holds X x -> forall t, tame false t = true -> forall n k,
  holds (at_ (coefs p E X t n) k) (coef (value e t) k x).
Proof.
  intros p E e X x HE HX. induction t; cbn [coefs value tame]; intros H n' k'; parts; try discriminate H.
  - rewrite coef_id. destruct k' as [|k']; [exact HX|]. pose proof (constant_correct _ _ n' (holds_Z p 1) k' x) as K.
    rewrite coef_const in K. destruct k'; exact K.
  - apply constant_correct. apply HE.
  - apply constant_correct. apply holds_Z.
  - assert (Q : coef (fun x0 => - value e t x0) k' x = - coef (value e t) k' x).
    { apply (coef_unique (fun x => - value e t x) (fun k x => - coef (value e t) k x)).
      - now apply smooth_neg, tame_smooth.
      - intros k y. rewrite Ropp_mult_distr_r_reverse. apply (is_derive_opp (coef (value e t) k)). now apply coef_sequence, tame_smooth.
      - intros. now rewrite coef_0. }
    rewrite Q. apply (map_correct _ _ holds_neg _ (fun k => coef (value e t) k x)). intros; now apply IHt.
  - rewrite coef_plus by now apply tame_smooth.
    apply (pointwise_correct _ _ (holds_add p) _ _ (fun k => coef (value e t1) k x) (fun k => coef (value e t2) k x)); intros; auto.
  - assert (Q : coef (fun x0 => value e t1 x0 - value e t2 x0) k' x = coef (value e t1) k' x - coef (value e t2) k' x).
    { apply (coef_unique (fun x => value e t1 x - value e t2 x) (fun k x => coef (value e t1) k x - coef (value e t2) k x)).
      - apply smooth_sub; now apply tame_smooth.
      - intros k y. rewrite Rmult_minus_distr_l. apply (is_derive_minus (coef (value e t1) k)); now apply coef_sequence, tame_smooth.
      - intros. now rewrite !coef_0. }
    rewrite Q. apply (pointwise_correct _ _ (holds_sub p) _ _ (fun k => coef (value e t1) k x) (fun k => coef (value e t2) k x)); intros; auto.
  - apply products_all; auto using tame_smooth.
  - pose proof (tame_smooth e t2 H1) as S2. destruct (fixed t2) eqn:Fx.
    + assert (Q : coef (fun x0 => value e t1 x0 / value e t2 x0) k' x = coef (value e t1) k' x / value e t2 x).
      { rewrite (coef_unique (fun x0 => value e t1 x0 / value e t2 x0) (fun k y => coef (value e t1) k y / value e t2 x)); auto.
        - intros n. apply smooth_ext with (f := fun x0 => value e t1 x0 * / value e t2 x).
          intros; unfold Rdiv; f_equal; f_equal; now apply fixed_correct. apply smooth_mult. now apply tame_smooth. apply smooth_const.
        - intros k y. unfold Rdiv. rewrite <- Rmult_assoc. apply (is_derive_ext (fun y => / value e t2 x * coef (value e t1) k y)).
          intros; apply Rmult_comm. rewrite (Rmult_comm _ (/ _)). apply is_derive_scal. now apply coef_sequence, tame_smooth.
        - intros. rewrite coef_0. f_equal. now apply fixed_correct. }
      rewrite Q. apply (map_correct (fun x0 => over p x0 (start (coefs p E X t2 0))) (fun u => u / value e t2 x)) with (c := fun k => coef (value e t1) k x).
      * intros. apply holds_over; auto. rewrite <- coef_0. now apply IHt2.
      * intros; now apply IHt1.
    + assert (N : forall x, value e t2 x <> 0). { intros. apply Rgt_not_eq. now apply positive_correct. }
      apply (products_all p _ _ (value e t1) (fun x => / value e t2 x)); auto using tame_smooth.
      * apply (smooth_flow 0 0 (-1) (value e t2)); auto. now apply derive_inv.
      * intros. apply (flowing_correct p 0 0 (-1) (value e t2)); auto. now apply derive_inv.
        replace (/ value e t2 x) with (1 / value e t2 x) by (unfold Rdiv; ring). apply holds_over. apply holds_Z.
        rewrite <- coef_0. now apply IHt2.
  - apply power_correct; auto using tame_smooth.
  - apply (flowing_correct p 0 1 0 (value e t)); auto using tame_smooth. now apply derive_exp, tame_smooth.
    apply holds_exp. rewrite <- coef_0. now apply IHt.
  - apply (flowing_correct p 1 0 (-1) (value e t)); auto using tame_smooth. now apply derive_tanh, tame_smooth.
    apply holds_tanh. rewrite <- coef_0. now apply IHt.
Qed.
(* --- integrals of formulas, panel by panel --- *)
Definition at_once (p : F.precision) (E : list I.type) (X : I.type) (t : term) : I.type := start (coefs p E X t 0).
Fixpoint decided (p : F.precision) (E : list I.type) (X : I.type) (t : term) : term :=
  match t with
  | Var => t | Par _ => t | Num _ => t | Neg a => Neg (decided p E X a) | Pow a n => Pow (decided p E X a) n
  | Exp a => Exp (decided p E X a) | Tanh a => Tanh (decided p E X a)
  | Add a b => Add (decided p E X a) (decided p E X b) | Sub a b => Sub (decided p E X a) (decided p E X b)
  | Mul a b => Mul (decided p E X a) (decided p E X b) | Div a b => Div (decided p E X a) (decided p E X b)
  | Max a b => let a' := decided p E X a in let b' := decided p E X b in
      if tame false a' && tame false b' then
        if known_nonneg (I.sub p (at_once p E X a') (at_once p E X b')) then a'
        else if known_nonneg (I.sub p (at_once p E X b') (at_once p E X a')) then b' else Max a' b'
      else Max a' b'
  | Min a b => let a' := decided p E X a in let b' := decided p E X b in
      if tame false a' && tame false b' then
        if known_nonneg (I.sub p (at_once p E X a') (at_once p E X b')) then b'
        else if known_nonneg (I.sub p (at_once p E X b') (at_once p E X a')) then a' else Min a' b'
      else Min a' b'
  end.
Lemma at_once_correct : forall p E e X x t, around E e -> holds X x -> tame false t = true -> holds (at_once p E X t) (value e t x).
Proof. intros. rewrite <- coef_0. now apply coefs_correct. Qed.
Lemma decided_correct : forall p E e X x, around E e -> holds X x -> forall t, value e (decided p E X t) x = value e t x.
Proof.
  intros p E e X x HE HX. induction t; cbn [decided value]; rewrite <- ?IHt, <- ?IHt1, <- ?IHt2; auto.
  - destruct (tame false _ && tame false _) eqn:T; [|cbn [value]; now rewrite IHt1, IHt2]. parts.
    pose proof (at_once_correct p E e X x _ HE HX H) as A. pose proof (at_once_correct p E e X x _ HE HX H0) as B.
    destruct (known_nonneg (I.sub p (at_once p E X (decided p E X t1)) _)) eqn:K.
    + apply known_nonneg_correct with (x := value e (decided p E X t1) x - value e (decided p E X t2) x) in K; [|now apply holds_sub].
      rewrite IHt1, IHt2 in *. rewrite Rmax_left; lra.
    + destruct (known_nonneg (I.sub p (at_once p E X (decided p E X t2)) _)) eqn:K'; [|cbn [value]; now rewrite IHt1, IHt2].
      apply known_nonneg_correct with (x := value e (decided p E X t2) x - value e (decided p E X t1) x) in K'; [|now apply holds_sub].
      rewrite IHt1, IHt2 in *. rewrite Rmax_right; lra.
  - destruct (tame false _ && tame false _) eqn:T; [|cbn [value]; now rewrite IHt1, IHt2]. parts.
    pose proof (at_once_correct p E e X x _ HE HX H) as A. pose proof (at_once_correct p E e X x _ HE HX H0) as B.
    destruct (known_nonneg (I.sub p (at_once p E X (decided p E X t1)) _)) eqn:K.
    + apply known_nonneg_correct with (x := value e (decided p E X t1) x - value e (decided p E X t2) x) in K; [|now apply holds_sub].
      rewrite IHt1, IHt2 in *. rewrite Rmin_right; lra.
    + destruct (known_nonneg (I.sub p (at_once p E X (decided p E X t2)) _)) eqn:K'; [|cbn [value]; now rewrite IHt1, IHt2].
      apply known_nonneg_correct with (x := value e (decided p E X t2) x - value e (decided p E X t1) x) in K'; [|now apply holds_sub].
      rewrite IHt1, IHt2 in *. rewrite Rmin_left; lra.
Qed.

Definition unit_ (p : F.precision) : I.type := I.join (I.fromZ p (-1)) (I.fromZ p 1).
Lemma holds_unit : forall p x, -1 <= x <= 1 -> holds (unit_ p) x.
Proof. intros. apply (holds_join _ _ (-1) 1); auto; apply holds_Z. Qed.
Lemma holds_part : forall p X M B x m b, holds M m -> holds B b -> Rabs (x - m) <= b -> X = I.add p M (I.mul p B (unit_ p)) -> holds X x.
Proof.
  intros. subst X. replace x with (m + (x - m)) by ring. apply holds_add; auto.
  destruct (Req_dec b 0) as [->|N].
  - replace (x - m) with (0 * 0). apply holds_mul; auto. apply holds_unit; lra. apply Rabs_le_between in H1. lra.
  - assert (0 < b) by (pose proof (Rabs_pos (x - m)); lra).
    replace (x - m) with (b * ((x - m) / b)) by (field; lra). apply holds_mul; auto. apply holds_unit.
    apply Rabs_le_between in H1. split; apply Rmult_le_reg_r with b; auto; unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; lra.
Qed.

(* sum_k c_k (r^(k+1) - (-r)^(k+1))/(k+1): `odd` terms vanish; `power` is r^(k+1). *)
Fixpoint rule (p : F.precision) (r power : I.type) (k : Z) (odd : bool) (d : nat) (l : list I.type) : I.type :=
  match d with
  | O => I.zero
  | S d' => match l with
    | nil => I.nai
    | cons x l' =>
      let rest := rule p r (I.mul p power r) (k + 1) (negb odd) d' l' in
      if odd then rest else I.add p (I.mul p x (over p (I.mul p (I.fromZ p 2) power) (I.fromZ p k))) rest
    end
  end.
Lemma rule_correct : forall p r0 r, holds r0 r -> forall d l pw k (c : nat -> R), holds pw (r ^ S k) ->
  (forall i, holds (at_ l i) (c i)) ->
  holds (rule p r0 pw (Z.of_nat (S k)) (Nat.odd k) d l)
    (total d (fun i => c i * ((r ^ S (k + i) - (- r) ^ S (k + i)) / INR (S (k + i))))).
Proof.
  intros p r0 r H. induction d as [|d]; intros l pw k c P L; [exact holds_0|].
  destruct l as [|x l]; [apply holds_nai|]. cbn [rule total].
  assert (IH : holds (rule p r0 (I.mul p pw r0) (Z.of_nat (S k) + 1) (negb (Nat.odd k)) d l)
    (total d (fun i => c (S i) * ((r ^ S (k + S i) - (- r) ^ S (k + S i)) / INR (S (k + S i)))))).
  { replace (Z.of_nat (S k) + 1)%Z with (Z.of_nat (S (S k))) by lia.
    replace (negb (Nat.odd k)) with (Nat.odd (S k)) by now rewrite Nat.odd_succ, Nat.negb_odd.
    rewrite (total_ext d _ (fun i => c (S i) * ((r ^ S (S k + i) - (- r) ^ S (S k + i)) / INR (S (S k + i))))).
    - apply (IHd l _ (S k) (fun i => c (S i))). replace (r ^ S (S k)) with (r ^ S k * r) by (simpl; ring). now apply holds_mul.
      intros i. exact (L (S i)).
    - intros. now replace (k + S i)%nat with (S k + i)%nat by lia. }
  rewrite Nat.add_0_r. destruct (Nat.odd k) eqn:Od.
  - assert (Z0 : (- r) ^ S k = r ^ S k).
    { apply Nat.odd_spec in Od. destruct Od as [m ->]. replace (S (2 * m + 1)) with (2 * S m)%nat by lia. rewrite !pow_mult.
      f_equal. ring. }
    rewrite Z0. replace (c O * ((r ^ S k - r ^ S k) / INR (S k))) with 0 by (unfold Rdiv; ring). rewrite Rplus_0_l. exact IH.
  - apply holds_add; [|exact IH]. apply holds_mul. exact (L O).
    assert (Z0 : (- r) ^ S k = - r ^ S k).
    { assert (Ev : Nat.even k = true) by (rewrite <- Nat.negb_odd, Od; reflexivity). apply Nat.even_spec in Ev. destruct Ev as [m ->].
      cbn [pow]. rewrite !pow_mult. replace ((- r) ^ 2) with (r ^ 2) by ring. ring. }
    rewrite Z0. replace (r ^ S k - - r ^ S k) with (2 * r ^ S k) by ring. rewrite INR_IZR_INZ.
    apply holds_over; [|apply holds_Z]. apply holds_mul; auto. apply holds_Z.
Qed.

(* As near as powers can be: those of even order are not below zero. *)
Definition raised (p : F.precision) (r : I.type) (n : nat) : I.type := I.power_int p r (Z.of_nat n).
Lemma raised_correct : forall p R0 r n, holds R0 r -> holds (raised p R0 n) (r ^ n).
Proof.
  intros p R0 r n H. pose proof (I.power_int_correct p (Z.of_nat n) R0 (Xreal r) H) as K. unfold holds, raised.
  destruct n as [|n]; [exact K|]. cbn [Z.of_nat Xpower_int Xpower_int' Xbind] in *. rewrite SuccNat2Pos.id_succ in K. exact K.
Qed.

(* Precise at the middle, coarse for the last coefficient on the whole panel. *)
Definition panel (p q : F.precision) (E E' : list I.type) (t : term) (d : nat) (M B : I.type) : I.type :=
  let X := I.add q M (I.mul q B (unit_ q)) in
  let t' := decided q E' X t in
  if tame false t' then
    let rest := I.abs (at_ (coefs q E' X t' d) d) in
    let error := I.mul q (I.fromZ q 2) (I.mul q (over q rest (I.fromZ q (Z.of_nat (S d)))) (raised q B (S d))) in
    I.add p (rule p B B 1 false d (coefs p E M t' d)) (I.mul q error (unit_ q))
  else I.nai.
Lemma panel_correct : forall p q E E' e t d M B m b, around E e -> around E' e -> holds M m -> holds B b -> 0 <= b ->
  holds (panel p q E E' t d M B) (RInt (value e t) (m - b) (m + b)).
Proof.
  intros p q E E' e t d M B m b HE HE' HM HB P. unfold panel.
  set (X := I.add q M (I.mul q B (unit_ q))). set (t' := decided q E' X t).
  destruct (tame false t') eqn:T; [|apply holds_nai].
  assert (HX : forall x, m - b <= x <= m + b -> holds X x).
  { intros. apply (holds_part q X M B x m b); auto. apply Rabs_le. lra. }
  pose proof (tame_smooth e t' T) as S.
  assert (Eq : RInt (value e t) (m - b) (m + b) = RInt (value e t') (m - b) (m + b)).
  { apply RInt_ext. rewrite Rmin_left, Rmax_right by lra. intros. symmetry. apply decided_correct; auto. apply HX. lra. }
  rewrite Eq. set (f := value e t') in *.
  assert (exists y, m - b <= y <= m + b /\ forall x, m - b <= x <= m + b -> Rabs (coef f d x) <= Rabs (coef f d y)) as [y [Y1 Y2]].
  { destruct (continuity_ab_maj (fun x => Rabs (coef f d x)) (m - b) (m + b) ltac:(lra)) as [y [Y1 Y2]].
    - intros. apply continuity_pt_filterlim. apply (continuous_comp (coef f d) Rabs); [|apply continuous_Rabs].
      apply (ex_derive_continuous (coef f d)). eexists. now apply coef_sequence.
    - exists y. auto. }
  pose proof (quadrature f S d m b _ P Y2) as Q.
  replace (RInt f (m - b) (m + b)) with (total d (fun k => coef f k m * ((b ^ Datatypes.S k - (- b) ^ Datatypes.S k) / INR (Datatypes.S k))) +
    (RInt f (m - b) (m + b) - total d (fun k => coef f k m * ((b ^ Datatypes.S k - (- b) ^ Datatypes.S k) / INR (Datatypes.S k))))) by ring.
  apply holds_add.
  - apply (rule_correct p B b HB d _ B O (fun k => coef f k m)). now rewrite pow_1. intros. now apply coefs_correct.
  - set (err := RInt f (m - b) (m + b) - _) in *. set (bound := 2 * (Rabs (coef f d y) / INR (Datatypes.S d) * b ^ Datatypes.S d)) in *.
    assert (HBd : holds (I.mul q (I.fromZ q 2) (I.mul q (over q (I.abs (at_ (coefs q E' X t' d) d)) (I.fromZ q (Z.of_nat (Datatypes.S d)))) (raised q B (Datatypes.S d)))) bound).
    { unfold bound. apply holds_mul; [apply holds_Z|]. apply holds_mul; [|now apply raised_correct]. rewrite INR_IZR_INZ.
      apply holds_over; [|apply holds_Z]. apply holds_abs. apply coefs_correct; auto. }
    destruct (Req_dec bound 0) as [Z0|N].
    + replace err with (bound * 0). apply holds_mul; auto. apply holds_unit; lra. apply Rabs_le_between in Q. lra.
    + assert (0 < bound) by (pose proof (Rabs_pos err); lra).
      replace err with (bound * (err / bound)) by (field; lra). apply holds_mul; auto. apply holds_unit.
      apply Rabs_le_between in Q. split; apply Rmult_le_reg_r with bound; auto; unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; lra.
Qed.
Definition ratio (p : F.precision) (n d : Z) : I.type := over p (I.fromZ p n) (I.fromZ p d).
Lemma ratio_correct : forall p n d, holds (ratio p n d) (IZR n / IZR d).
Proof. intros. apply holds_over; apply holds_Z. Qed.
(* The integral from a/D to the last of a list of numbers, divided by D. *)
Fixpoint area (p q : F.precision) (E E' : list I.type) (t : term) (d : nat) (D a : Z) (ends : list Z) : I.type :=
  match ends with
  | nil => I.zero
  | cons b rest =>
    if Z.leb a b then I.add p (panel p q E E' t d (ratio p (a + b) (2 * D)) (ratio p (b - a) (2 * D))) (area p q E E' t d D b rest)
    else I.nai
  end.
Fixpoint last_ (a : Z) (ends : list Z) : Z := match ends with nil => a | cons b rest => last_ b rest end.
Lemma area_correct : forall p q E E' e t d D, around E e -> around E' e -> (0 < D)%Z -> tame true t = true -> forall ends a,
  holds (area p q E E' t d D a ends) (RInt (value e t) (IZR a / IZR D) (IZR (last_ a ends) / IZR D)).
Proof.
  intros p q E E' e t d D HE HE' HD T. assert (P : 0 < IZR D) by now apply IZR_lt.
  assert (I0 : forall u v, ex_RInt (value e t) u v). { intros. apply (ex_RInt_continuous (value e t)). intros. now apply tame_continuous. }
  induction ends as [|b ends]; intros a; cbn [area last_].
  - rewrite RInt_point. exact holds_0.
  - destruct (Z.leb_spec a b); [|apply holds_nai].
    rewrite <- (RInt_Chasles (value e t) (IZR a / IZR D) (IZR b / IZR D)) by apply I0.
    apply (holds_add p _ _ (RInt (value e t) (IZR a / IZR D) (IZR b / IZR D))); auto.
    replace (IZR a / IZR D) with (IZR (a + b) / IZR (2 * D) - IZR (b - a) / IZR (2 * D)).
    replace (IZR b / IZR D) with (IZR (a + b) / IZR (2 * D) + IZR (b - a) / IZR (2 * D)).
    + apply panel_correct; auto using ratio_correct. rewrite mult_IZR, minus_IZR. apply IZR_le in H.
      apply Rmult_le_pos. lra. left. apply Rinv_0_lt_compat. lra.
    + rewrite mult_IZR, minus_IZR, plus_IZR. field. lra.
    + rewrite mult_IZR, minus_IZR, plus_IZR. field. lra.
Qed.
(* Parameters between quotients of whole numbers. *)
Definition box := ((Z * Z) * (Z * Z))%type.
Definition boxed (b : box) (x : R) : Prop :=
  IZR (fst (fst b)) / IZR (snd (fst b)) <= x <= IZR (fst (snd b)) / IZR (snd (snd b)).
Definition boxes (p : F.precision) (l : list box) : list I.type :=
  List.map (fun b => I.join (ratio p (fst (fst b)) (snd (fst b))) (ratio p (fst (snd b)) (snd (snd b)))) l.
Lemma boxes_correct : forall p l e, List.Forall2 boxed l e -> around (boxes p l) e.
Proof.
  induction 1; intros k; [destruct k; apply holds_nai|]. destruct k as [|k]; [|apply IHForall2].
  simpl. eapply holds_join; [apply ratio_correct | apply ratio_correct | exact H].
Qed.
